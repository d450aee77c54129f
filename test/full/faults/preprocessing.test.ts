import { describe, it } from 'vitest';
import { killWhilePreprocessing } from '../../data/preprocess/killed-preprocessing.js';

describe('kill -9 at random instants', () => {
  it('of preprocessing, begun again each time, changes nothing of what it writes', () => killWhilePreprocessing(60));
});
