/**
 * Whether a name is short for another: put together from beginnings of its words, in order, of which any may be left
 * out. So `lr`, `rate` and `learnRate` are short for `learningRate`, and `seqlen` for `sequence_length`.
 */
export function abbreviates(short: string, name: string): boolean {
  const letters = wordsOf(short).join('');
  return letters.length >= 2 && consists(letters, wordsOf(name));
}

/** Whether `letters` are beginnings of some of the words, in order. */
function consists(letters: string, [word, ...rest]: readonly string[]): boolean {
  if (letters === '') return true;
  if (word === undefined) return false;
  for (let taken = commonStart(letters, word); taken >= 0; taken--)
    if (consists(letters.slice(taken), rest)) return true;
  return false;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** The words of a name in camel, snake or kebab case, in small letters. */
function wordsOf(name: string): string[] {
  return name
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}
