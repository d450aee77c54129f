import { describe, it } from 'vitest';
import { killWhileTraining } from '../../training/killed-training.js';

describe('kill -9 at random instants', () => {
  it('of pc train, resumed each time, changes nothing of what it computes', () => killWhileTraining(55));
});
