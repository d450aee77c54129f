import { join } from 'node:path';

/** Where everything lies within the directory of a quickstart. */
export interface QuickstartLayout {
  directory: string;
  /** Says what is done; its presence marks the directory as one of ours. */
  plan: string;
  data: string;
  training: string;
  validation: string;
  /** Trained on the training data, for the model that reads tokens. */
  tokenizer: string;
  runs: string;
  /** Models as they were before training. */
  untrained: string;
  /** The page. */
  report: string;
  /** Written last: a quickstart that has it is finished. */
  results: string;
}

export function quickstartLayout(directory: string): QuickstartLayout {
  const data = join(directory, 'data');
  return {
    directory,
    plan: join(directory, 'plan.json'),
    data,
    training: join(data, 'train'),
    validation: join(data, 'validation'),
    tokenizer: join(directory, 'tokenizer', 'tokenizer.json'),
    runs: join(directory, 'runs'),
    untrained: join(directory, 'untrained'),
    report: join(directory, 'report.html'),
    results: join(directory, 'results.json'),
  };
}

/** Directory of the results of a run's evaluation. */
export function evaluationDirectory(run: string): string {
  return join(run, 'evaluation');
}

/** Directory of a model's run, and of the same model before it. */
export function runDirectory({ runs }: QuickstartLayout, model: string): string {
  return join(runs, model);
}

export function untrainedDirectory({ untrained }: QuickstartLayout, model: string): string {
  return join(untrained, model);
}
