import { type FoundPython, pythonWith } from './python-with.js';

/** A Python that has the library of Weights & Biases, or why there is none. */
export function wandbPython(): Promise<FoundPython> {
  return pythonWith({ name: 'wandb', packages: ['wandb'], probe: 'import wandb; wandb.init', timeout: 90_000 });
}
