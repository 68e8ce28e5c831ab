"""What a pass makes of a document goes as soon as it is done: no cycles hold it until all objects are gone through.

They would cost more than a tenth of all processor time: each look at young objects goes over hundreds for a document.
"""

import gc
from collections import Counter

from transload.adapters.base.format import Message
from transload.runner.ledger.attempts import Delivery, Outcome
from transload.runner.ledger.drafts import Draft
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.receipts import Arrival, Receipt

KINDS = (Arrival, Receipt, Message, Parsed, Draft, Portion, Delivery, Outcome)


def test_nothing_of_a_pass_is_held_by_cycles(make_house, hands):
    house = make_house(together=True)
    for number in range(5):
        house.put_orders(f"{number}.txt", str(number), reference=str(number))
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands, workers=2)
        gc.collect()
        gc.disable()
        try:
            before = Counter(type(item).__name__ for item in gc.get_objects() if isinstance(item, KINDS))
            engine.run_pass()
            after = Counter(type(item).__name__ for item in gc.get_objects() if isinstance(item, KINDS))
        finally:
            gc.enable()
        assert after - before == Counter()
    assert sorted(house.landed()) == list("01234")
