"""The look of the page: one column, readable on screens and on paper, light and dark."""

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --tint: #f4f6f8; --line: #d5dae0;
  --accent: #0b5cad; --mark: #fff4cf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ed; --soft: #a3adb8; --paper: #14181d; --tint: #1d2329; --line: #38414a;
    --accent: #7db8f2; --mark: #3b3413;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0 auto; max-width: 86rem; padding: 2rem 1.5rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-top: .5rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p, ul { max-width: 46rem; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code, pre, .wire {
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em;
}
.lead { color: var(--soft); margin-top: 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
nav ol { columns: 18rem; padding-left: 1.2rem; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 1rem 0; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .25rem 0 .5rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th {
  white-space: nowrap; background: var(--tint); border-bottom: 2px solid var(--line); position: sticky; top: 0;
}
tbody th[scope="rowgroup"] { background: var(--tint); font-weight: 400; }
tbody th[scope="rowgroup"] .name { font-weight: 700; }
tbody th[scope="row"] { font-weight: 400; }
.more { color: var(--soft); }
.need { font-weight: 700; }
.note { background: var(--mark); padding: 0 .25rem; }
.d1 { padding-left: 1.6rem; } .d2 { padding-left: 2.6rem; } .d3 { padding-left: 3.6rem; } .d4 { padding-left: 4.6rem; }
.d5 { padding-left: 5.6rem; } .d6 { padding-left: 6.6rem; } .d7 { padding-left: 7.6rem; } .d8 { padding-left: 8.6rem; }
.wire { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 20rem; }
.codes { columns: 25rem; column-gap: 2rem; }
.codes > div { break-inside: avoid; }
.codes > div:first-child h3 { margin-top: 0; }
.codes td:last-child { white-space: nowrap; }
.short { white-space: nowrap; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --tint: #f0f0f0; --line: #bbb; --accent: #000; --mark: #eee; }
  body { max-width: none; padding: 0; font-size: 9pt; overflow-wrap: anywhere; }
  nav, .skip { display: none; }
  table { font-size: 8.5pt; }
  h1 { font-size: 16pt; } h2 { font-size: 12pt; } h3 { font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  thead th { position: static; }
  .scroll { overflow: visible; }
  details { display: block; }
  a { color: inherit; text-decoration: none; }
}
"""
