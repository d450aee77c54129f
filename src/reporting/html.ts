/** Text that is HTML already. Everything else is escaped when it is put into some. */
export class Html {
  constructor(readonly text: string) {}
}

type Content = Html | string | number | undefined | readonly Content[];

/** A template whose values are escaped, unless they are Html. */
export function html(literals: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(
    literals.map((literal, index) => literal + (index < values.length ? render(values[index]) : '')).join(''),
  );
}

/** HTML made elsewhere, such as a drawing. */
export function trusted(text: string): Html {
  return new Html(text);
}

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return String(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
