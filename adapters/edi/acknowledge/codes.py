"""What the codes of acknowledgements mean, list by list, in a few words of our own.

Each code and its meaning was read in two public places at least.  EDIFACT 0083 and 0085: the service code lists that
the Joint Syntax Working Group publishes for syntax 4 (gefeg.com) and the lists of Azure Logic Apps and EANCOM (1997,
2002); 0085's older codes (1 to 11), which syntax 3 still had: the D.96A and D.99B lists and EANCOM 2000.  X12 715 to
723, 618, 620, 621, I17 and I18: the guides of pyx12 (997 of 004010, 999 of 005010, TA1) and the element pages of
Stedi; 716 in IBM's translator manual too.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class CodeList:
    """One list: the number of the data element that carries its codes, where it stands, and each code's meaning."""

    element: str
    title: str
    carried_by: str
    codes: MappingProxyType[str, str]

    def meaning(self, code: str) -> str:
        """What ``code`` means; for one that is not in the list, that it is not."""
        return self.codes.get(code, "a code that is in no list known here")


def _list(element: str, title: str, carried_by: str, codes: dict[str, str]) -> CodeList:
    return CodeList(element=element, title=title, carried_by=carried_by, codes=MappingProxyType(codes))


_ACTIONS = {
    "4": "rejected, with all that is inside",
    "7": "acknowledged, with all that is inside and not rejected by name",
    "8": "the interchange has arrived; it is not judged yet",
}
_SYNTAX = {
    "1": "the UNA is not understood (older lists)",
    "2": "the syntax identifier or version is not supported",
    "3": "the message's version or release is not supported (older lists)",
    "4": "a service segment is missing or invalid (older lists)",
    "5": "the trailer does not agree with the header or the count (older lists)",
    "6": "a segment is missing or invalid (older lists)",
    "7": "the interchange is addressed to somebody else",
    "8": "a segment has too many elements (older lists)",
    "9": "a mandatory element is missing (older lists)",
    "10": "an element does not have the form that it should have (older lists)",
    "11": "the password in UNB is wrong (older lists)",
    "12": "the value is invalid",
    "13": "something mandatory is missing",
    "14": "the value is not supported in this place",
    "15": "the segment or element is not supported in this place",
    "16": "too many elements in the segment, or components in the element",
    "17": "there is no agreement to receive this",
    "18": "an error that is not described further",
    "19": "the decimal mark is wrong",
    "20": "a character announced by UNA cannot be a service character",
    "21": "a character is outside the announced character set",
    "22": "a service character is not one of those announced",
    "23": "the sender is unknown",
    "24": "the interchange or group is too old",
    "25": "tests are not supported",
    "26": "it seems to have been received before",
    "27": "a security function is not supported",
    "28": "the references in header and trailer differ",
    "29": "the count in the trailer is not what was received",
    "30": "groups and messages are mixed",
    "31": "a group holds messages of several types",
    "32": "the interchange or group is empty",
    "33": "something stands outside of messages and groups",
    "34": "explicit nesting is not allowed here",
    "35": "the segment stands more often than allowed",
    "36": "the segment group stands more often than allowed",
    "37": "letters where digits must be, or the other way round",
    "38": "a digit is missing before the decimal mark",
    "39": "the value is too long",
    "40": "the value is too short",
    "41": "the network has a lasting fault",
    "42": "the network has a passing fault",
    "43": "the network does not know the recipient",
    "45": "separators that nothing follows",
    "46": "the character set is not supported",
    "47": "the structure of the envelope is not supported",
    "48": "a dependency between elements is not kept",
}
_SECURITY_SETS = {
    "8": "the name of the authentication key is unknown",
    "9": "the name of the encryption key is unknown",
    "10": "the requested security service is not available",
    "11": "the recipient named for security is unknown",
    "12": "the length is wrong (encryption)",
    "13": "the message authentication code is wrong",
    "15": "the originator named for security is unknown",
    "16": "the decrypted text has a syntax error",
    "17": "security is not supported",
}
_SET_ENDS = {
    "24": "S3E is missing for an S3S",
    "25": "S3S is missing for an S3E",
    "26": "S4E is missing for an S4S",
    "27": "S4S is missing for an S4E",
}
_SETS = {
    "1": "the transaction set is not supported",
    "2": "the trailer SE is missing",
    "3": "the control numbers in ST and SE differ",
    "4": "the count in SE is not the number of segments",
    "5": "one or more segments are wrong",
    "6": "the identifier of the transaction set is missing or invalid",
    "7": "the control number of the transaction set is missing or invalid",
    **_SECURITY_SETS,
    "23": "the control number stands twice in the group",
    **_SET_ENDS,
}
_SEGMENTS = {
    "1": "there is no such segment",
    "2": "the segment was not expected",
    "3": "a mandatory segment is missing",
    "4": "the loop stands more often than allowed",
    "5": "the segment stands more often than allowed",
    "6": "the transaction set has no such segment",
    "7": "the segment is out of its place",
    "8": "elements of the segment are wrong",
}
_ELEMENTS = {
    "1": "a mandatory element is missing",
    "2": "an element that others make necessary is missing",
    "3": "there are too many elements",
    "4": "the value is too short",
    "5": "the value is too long",
    "6": "a character is invalid",
    "7": "the code is not in the list",
    "8": "the date is invalid",
    "9": "the time is invalid",
    "10": "an element that others exclude is present",
    "12": "there are too many repetitions",
    "13": "there are too many components",
}
_VERDICTS = {
    "A": "accepted",
    "E": "accepted, with errors noted",
    "M": "rejected: the message authentication code failed",
    "R": "rejected",
    "W": "rejected: the assurance failed its tests",
    "X": "rejected: the decrypted content could not be analysed",
}

LISTS: dict[str, CodeList] = {
    each.element: each
    for each in (
        _list("0083", "Action", "UCI, UCF and UCM of CONTRL", _ACTIONS),
        _list("0085", "Syntax error", "UCI, UCF, UCM, UCS and UCD of CONTRL", _SYNTAX),
        _list(
            "715",
            "Verdict on a group",
            "AK901 of 997 and 999",
            {**_VERDICTS, "P": "accepted in part: at least one set was rejected"},
        ),
        _list(
            "716",
            "Error of a group",
            "AK905 to AK909 of 997 and 999",
            {
                "1": "the group is not supported",
                "2": "the version of the group is not supported",
                "3": "the trailer GE is missing",
                "4": "the control numbers in GS and GE differ",
                "5": "the count in GE is not the number of sets",
                "6": "the control number of the group is invalid",
                "10": _SECURITY_SETS["8"],
                "11": _SECURITY_SETS["9"],
                "12": _SECURITY_SETS["10"],
                "13": _SECURITY_SETS["11"],
                "14": _SECURITY_SETS["15"],
                "15": _SECURITY_SETS["16"],
                "16": _SECURITY_SETS["17"],
                "17": _SECURITY_SETS["12"],
                "18": _SECURITY_SETS["13"],
                "19": "the control number of the group stands twice in the interchange (from 004050 on)",
                "23": _SET_ENDS["24"],
                "24": _SET_ENDS["25"],
                "25": _SET_ENDS["26"],
                "26": _SET_ENDS["27"],
            },
        ),
        _list("717", "Verdict on a set", "AK501 of 997, IK501 of 999", _VERDICTS),
        _list("718", "Error of a set", "AK502 to AK506 of 997", _SETS),
        _list("720", "Error of a segment", "AK304 of 997", _SEGMENTS),
        _list("723", "Error of an element", "AK403 of 997", _ELEMENTS),
        _list(
            "618",
            "Error of a set, by its implementation guide",
            "IK502 to IK506 of 999",
            {
                **_SETS,
                "18": "the set does not belong into this group",
                "19": "the reference to an implementation guide is invalid",
                "I5": "one or more segments are against the implementation guide",
                "I6": "the implementation guide is not supported",
            },
        ),
        _list(
            "620",
            "Error of a segment, by its implementation guide",
            "IK304 of 999",
            {
                **_SEGMENTS,
                "I4": "the guide does not use this segment",
                "I6": "a segment that the situation makes necessary is missing",
                "I7": "the loop stands less often than the guide wants",
                "I8": "the segment stands less often than the guide wants",
                "I9": "a segment is present that the situation excludes",
            },
        ),
        _list(
            "621",
            "Error of an element, by its implementation guide",
            "IK403 of 999",
            {
                **_ELEMENTS,
                "I6": "the guide does not use this code",
                "I9": "an element that the situation makes necessary is missing",
                "I10": "the guide does not use this element",
                "I11": "there are fewer repetitions than the guide wants",
                "I12": "the value does not have the pattern that the guide wants",
                "I13": "an element is present that the situation excludes",
            },
        ),
        _list(
            "I17",
            "Verdict on an interchange",
            "TA104 of TA1",
            {"A": "received without errors", "E": "received, with errors noted", "R": "rejected because of errors"},
        ),
        _list(
            "I18",
            "Error of an interchange",
            "TA105 of TA1",
            {
                "000": "no error",
                "001": "the control numbers in ISA and IEA differ",
                "002": "the standard that ISA11 names is not supported",
                "003": "the version of the controls is not supported",
                "004": "the segment terminator is invalid",
                "005": "the sender's qualifier is invalid",
                "006": "the sender's identification is invalid",
                "007": "the receiver's qualifier is invalid",
                "008": "the receiver's identification is invalid",
                "009": "the receiver is unknown",
                "010": "the authorization qualifier is invalid",
                "011": "the authorization information is invalid",
                "012": "the security qualifier is invalid",
                "013": "the security information is invalid",
                "014": "the date is invalid",
                "015": "the time is invalid",
                "016": "the standards identifier is invalid",
                "017": "the version identifier is invalid",
                "018": "the control number is invalid",
                "019": "ISA14, the request for an acknowledgment, is invalid",
                "020": "ISA15, the test indicator, is invalid",
                "021": "the count in IEA is not the number of groups",
                "022": "the control structure is invalid",
                "023": "the file ends too early",
                "024": "the content is invalid, such as a wrong GS",
                "025": "the control number was received before",
                "026": "the element separator is invalid",
                "027": "the component separator is invalid",
                "028": "the date of a deferred delivery is invalid",
                "029": "the time of a deferred delivery is invalid",
                "030": "the time code of a deferred delivery is invalid",
                "031": "the grade of service is invalid",
            },
        ),
    )
}
"""The lists by the number of their data element."""


def markdown() -> str:
    """All lists as tables, for the documentation."""
    parts = []
    for each in LISTS.values():
        rows = [f"| {code} | {meaning} |" for code, meaning in sorted(each.codes.items(), key=_by_number)]
        parts.append("\n".join([f"### {each.element}: {each.title} ({each.carried_by})", "", _HEAD, *rows]))
    return "\n\n".join(parts) + "\n"


_HEAD = "| code | meaning |\n| --- | --- |"


def _by_number(item: tuple[str, str]) -> tuple[bool, int, str]:
    code = item[0].lstrip("I")
    return item[0].startswith("I"), int(code) if code.isdigit() else 0, item[0]
