/** The report's style sheet: light and dark by the reader's setting, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1c2126, #e4e7ea);
  --quiet: light-dark(#5b656e, #9aa5af);
  --page: light-dark(#ffffff, #14181c);
  --panel: light-dark(#f6f8f9, #1c2227);
  --line: light-dark(#dde2e6, #333c44);
  --warn: light-dark(#fff5e0, #3a2d10);
  --warn-line: light-dark(#d99a2b, #c08a2a);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 78rem;
  background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .25rem 0; max-width: 46rem; }
.quiet, figcaption p, .unit { color: var(--quiet); }
.note { margin: 1.5rem 0; padding: .75rem 1rem; background: var(--warn); border-left: 4px solid var(--warn-line); border-radius: 4px; }
.note ul { margin: .25rem 0 0; padding-left: 1.2rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { padding: .5rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--panel); font-weight: 600; font-size: .85rem; vertical-align: bottom; }
tbody th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.phase { min-width: 11rem; }
.interval { display: block; color: var(--quiet); font-size: .8rem; }
.swatch { display: inline-block; width: 1.4em; height: .3em; border-radius: .15em; margin-right: .5em; vertical-align: .25em; background: var(--colour); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; margin: .5rem 0 1rem; padding: 0; }
.axis-choice { border: 0; margin: 0 0 1rem; padding: 0; display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; }
.axis-choice legend { float: left; margin-right: 1rem; padding: 0; color: var(--quiet); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.25rem; }
figure { margin: 0; padding: 1rem 1rem .5rem; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); break-inside: avoid; }
figure.wide { max-width: 40rem; }
figcaption { margin-bottom: .5rem; }
figcaption b { font-weight: 600; }
figcaption p { font-size: .85rem; }
svg { display: block; width: 100%; height: auto; }
section:has(#axis-step:checked) .by:not(.by-step),
section:has(#axis-symbols:checked) .by:not(.by-symbols),
section:has(#axis-bytes:checked) .by:not(.by-bytes) { display: none; }
details { margin: .75rem 0; }
summary { cursor: pointer; padding: .25rem 0; }
code { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 3rem; font-size: .85rem; color: var(--quiet); }
@media print {
  :root { color-scheme: light; }
  body { padding: 0; max-width: none; font-size: 11px; }
  .axis-choice { display: none; }
  .charts { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
}
`;
