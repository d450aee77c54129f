/**
 * Runs in the page of an inspection: shows the symbol that the reader points at, and marks the symbols of the other
 * compressors that cover any of its bytes. The page is complete without it.
 */
export const SCRIPT = `
'use strict';
(() => {
  const board = document.querySelector('.columns');
  const detail = document.querySelector('.detail');
  const excerpt = { start: Number(board.dataset.start), hex: board.dataset.bytes };
  const numbers = (text) => text.split(' ').map(Number);

  const columns = [...board.querySelectorAll('pre')].map((pre) => {
    const column = { pre, name: pre.closest('.column').dataset.name };
    column.cells = [...pre.querySelectorAll('[data-r]')].map((element, position) => {
      const [start, end] = numbers(element.dataset.r);
      return { element, position, column, start, end };
    });
    return column;
  });
  const cellOf = new Map(columns.flatMap(({ cells }) => cells).map((cell) => [cell.element, cell]));

  let marked = [];
  let pinned = null;

  function show(cell) {
    for (const element of marked) element.classList.remove('same', 'current');
    marked = [];
    detail.hidden = cell === null;
    if (cell === null) return;
    for (const column of columns) if (column !== cell.column) markSame(column, cell);
    mark(cell.element, 'current');
    describe(cell);
  }

  function pin(cell) {
    pinned = cell;
    detail.classList.toggle('pinned', cell !== null);
  }

  function mark(element, style) {
    element.classList.add(style);
    marked.push(element);
  }

  function markSame({ pre, cells }, { start, end }) {
    const same = cells.filter((other) => other.start < end && other.end > start);
    for (const { element } of same) mark(element, 'same');
    if (same.length > 0) bringIntoView(pre, same[0].element);
  }

  // Scrolls the column alone: the page stays where the reader points.
  function bringIntoView(pre, element) {
    const { top, bottom } = element.getBoundingClientRect();
    const frame = pre.getBoundingClientRect();
    if (top < frame.top) pre.scrollTop += top - frame.top - pre.clientHeight / 3;
    else if (bottom > frame.bottom) pre.scrollTop += bottom - frame.bottom + pre.clientHeight / 3;
  }

  function describe({ column, element, start, end }) {
    const symbols = numbers(element.dataset.s);
    const first = Number(element.dataset.i);
    const place = symbols.length === 1 ? 'number ' + first : 'numbers ' + first + ' to ' + (first + symbols.length - 1);
    const rows = [[column.name, (symbols.length === 1 ? 'symbol ' : 'symbols ') + symbols.join(' ') + ' (' + place + ')']];
    if (start === end) rows.push(['bytes', 'none, before byte ' + start]);
    else {
      rows.push(['bytes', start + ' to ' + end + ' (' + (end - start) + ')']);
      rows.push(['hex', hexOf(start, end)]);
      rows.push(['text', element.textContent.replaceAll('\\n', '')]);
    }
    const list = document.createElement('dl');
    for (const [term, description] of rows) {
      list.append(Object.assign(document.createElement('dt'), { textContent: term }));
      list.append(Object.assign(document.createElement('dd'), { textContent: description }));
    }
    detail.replaceChildren(list);
    // Never over what is pointed at.
    const { top, bottom } = element.getBoundingClientRect();
    detail.classList.toggle('above', top + bottom > window.innerHeight);
  }

  function hexOf(start, end) {
    const last = excerpt.start + excerpt.hex.length / 2;
    const from = Math.max(start, excerpt.start);
    const to = Math.min(end, last);
    const shown = excerpt.hex.slice(2 * (from - excerpt.start), 2 * (to - excerpt.start)).match(/../g) ?? [];
    return (from > start ? '… ' : '') + shown.join(' ') + (to < end ? ' …' : '');
  }

  const pointedAt = (event) => cellOf.get(event.target.closest('[data-r]')) ?? null;
  board.addEventListener('mouseover', (event) => {
    if (pinned === null) show(pointedAt(event));
  });
  board.addEventListener('mouseleave', () => {
    if (pinned === null) show(null);
  });
  board.addEventListener('click', (event) => {
    const cell = pointedAt(event);
    pin(cell === pinned ? null : cell);
    show(cell);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      pin(null);
      show(null);
      return;
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const focused = columns.find(({ pre }) => pre === document.activeElement);
    const next = pinned === null ? focused?.cells[0] : pinned.column.cells[pinned.position + step];
    if (next === undefined) return;
    event.preventDefault();
    pin(next);
    bringIntoView(next.column.pre, next.element);
    show(next);
  });
})();
`;
