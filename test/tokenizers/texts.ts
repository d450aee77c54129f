import fc from 'fast-check';

/** What has broken tokenizers: contractions, all kinds of space, case, marks, digits, scripts, control tokens, emoji. */
const SNIPPETS = [
  ..."'s|'LL|'ſ|'Re|don't|I'M|fooBar|HTTPServer|x1234567|3.14159|0x7FFF|#include <a.h>|(){};|=====|//|...|{'a': 1}".split(
    '|',
  ),
  ...[
    ' ',
    '  ',
    '    ',
    '\n',
    '\r\n',
    '\n\n\n',
    '\t',
    '\t\t',
    '\u00a0',
    '\u0085',
    '\ufeff',
    '\u2028',
    '\u200d',
    '\0',
    '\u0007',
  ],
  ...'é|e\u0301|\u0301|\u0327|\u0345|中|文字|ﷺ|ǅ|ʰ|١٢|Ⅷ|²|½|ꙮ|🎉|👩‍👩‍👧|𝒳|𐍈|ß|\u212a|ﬁ|㌀|ｶ|가|ᄀ|ᅡ|한글|עברית|العربية|ไทย|हिन्दी|\ufffd'.split(
    '|',
  ),
  // Characters of Unicode 11, 16 and 17, which the library's parts know or do not know.
  ...['\u07fd', '\u0897', '\u{10d69}', '\u{11de0}', '\u{16ff4}', '\u{10940}', '\u{1e08f}', '\u32ff'],
  ...'▁|▁▁|<|endoftext|>|<|im_end|>|<s>|</s>|<unk>|<bos>|<EOT>|<|begin_of_text|>|<｜begin▁of▁sentence｜>|<start_of_turn>|<table>|<think>'
    .replaceAll('|>', '¦>')
    .replaceAll('<|', '<¦')
    .split('|')
    .map((text) => text.replaceAll('¦', '|')),
];

const snippet = fc.constantFrom(...SNIPPETS);
const long = fc.tuple(snippet, fc.integer({ min: 2, max: 100 })).map(([text, times]) => text.repeat(times));
const marks = fc.integer({ min: 0x300, max: 0x36f }).map((mark) => String.fromCodePoint(mark));
const anywhere = fc.string({ unit: 'binary', maxLength: 4 });
const near = fc.string({ unit: 'binary-ascii', maxLength: 8 });

/** Texts that are hard to cut and to merge. */
export const hardTexts: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: snippet },
      { weight: 1, arbitrary: long },
      { weight: 2, arbitrary: marks },
      { weight: 3, arbitrary: anywhere },
      { weight: 3, arbitrary: near },
    ),
    { minLength: 1, maxLength: 16 },
  )
  .map((parts) => parts.join(''));
