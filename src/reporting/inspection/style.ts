/** Added to the style sheet of reports for the page of an inspection. */
export const INSPECTION_STYLE = `
:root {
  --even: light-dark(#d3e8fb, #173a58);
  --odd: light-dark(#fbe6c4, #533a12);
  --mark: light-dark(#b3206b, #ff8ac4);
}
body { max-width: 110rem; padding-bottom: 12rem; }
h1 { overflow-wrap: anywhere; }
tbody .interval { font-weight: 400; white-space: normal; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; margin-top: 1rem; }
.column { min-width: 0; }
.column h3 { margin: 0 0 .35rem; }
pre {
  margin: 0; padding: .75rem; max-height: 70vh; overflow: auto; position: relative;
  border: 1px solid var(--line); border-radius: 8px; background: var(--panel);
  font: 13px/1.7 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; cursor: default;
}
pre span { border-radius: 2px; padding: .1em 0; }
pre i { font-style: normal; opacity: .55; }
.even { background: var(--even); }
.odd { background: var(--odd); }
.cut { border-left: 2px solid var(--mark); }
.none { color: var(--quiet); font-size: .85em; }
pre .same { outline: 2px solid var(--mark); outline-offset: -1px; }
pre .current { outline: 2px solid var(--mark); background: var(--mark); color: var(--page); }
pre .current i { opacity: .8; }
.detail {
  position: fixed; inset: auto 0 0 0; max-height: 11rem; overflow: auto; padding: .75rem 1.5rem;
  background: var(--page); border-top: 2px solid var(--mark); box-shadow: 0 -4px 16px rgb(0 0 0 / .12);
  pointer-events: none;
}
.detail.above { inset: 0 0 auto 0; border-top: 0; border-bottom: 2px solid var(--mark); box-shadow: 0 4px 16px rgb(0 0 0 / .12); }
.detail.pinned { pointer-events: auto; }
.detail dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
.detail dt { color: var(--quiet); }
.detail dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; }
@media print {
  pre { max-height: none; overflow: visible; }
  pre span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .detail { display: none; }
}
`;
