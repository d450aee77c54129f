import { expect, it } from 'vitest';
import { boundaryAgreement } from '../../src/neural-coding/segmentation-agreement.js';

const ends = (...values: number[]): Uint32Array => Uint32Array.from(values);

it('counts boundaries at the same bytes; the ends of documents are none', () => {
  // Exact boundaries 3, 5, 9 and 4; found 3, 9, 10 and none; common 3 and 9.
  const agreement = boundaryAgreement([ends(3, 5, 9, 12), ends(4, 6), ends()], [ends(3, 9, 10, 12), ends(6), ends()]);
  expect(agreement).toEqual({ exact: 4, found: 3, common: 2, precision: 2 / 3, recall: 1 / 2, f1: 4 / 7 });
});

it('is whole where there is nothing to find and nothing is found, and none where nothing is common', () => {
  expect(boundaryAgreement([ends(6)], [ends(6)])).toMatchObject({ precision: 1, recall: 1, f1: 1 });
  expect(boundaryAgreement([ends(2, 6)], [ends(3, 6)])).toMatchObject({ precision: 0, recall: 0, f1: 0 });
});
