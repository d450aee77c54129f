import { describe, it } from 'vitest';
import { killWhileConsolidating } from '../../checkpoints/killed-consolidations.js';
import { killWhileSaving } from '../../checkpoints/killed-saves.js';
import { killWhileConverting } from '../../conversion/killed-conversions.js';
import { killWhileWriting } from '../../support/killed-writes.js';

describe('kill -9 at random instants', () => {
  it('while saving checkpoints leaves complete ones only', () => killWhileSaving(60));

  it('while consolidating leaves nothing that looks finished', () => killWhileConsolidating(60));

  it('while converting to the hub and from it leaves complete models only', () => killWhileConverting(60));

  it('while writing a file leaves the old content or the new', () => killWhileWriting(60));
});
