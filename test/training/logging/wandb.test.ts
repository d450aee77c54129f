import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { TrainingError } from '../../../src/support/errors.js';
import { openMetricsLogger } from '../../../src/training/logging/index.js';
import { openWandb, type WandbRun } from '../../../src/training/logging/wandb.js';
import { loggingOptions } from '../../../src/training/options.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { wandbPython } from '../../support/wandb-python.js';

let directory: string;
let problems: string[];
beforeEach(() => {
  directory = temporaryDirectory();
  problems = [];
});

const request = (more: Partial<WandbRun> = {}): WandbRun => ({
  options: loggingOptions.parse({ wandb: { enabled: true, mode: 'offline', project: 'tests' } }).wandb,
  directory,
  name: 'a run',
  id: 'abc12345',
  config: { steps: 3 },
  onProblem: (message) => problems.push(message),
  ...more,
});

/** Puts a module named wandb before any real one: it writes down what it is told. */
function pretendLibrary(code: string): void {
  const library = temporaryDirectory();
  writeFileSync(join(library, 'wandb.py'), code);
  const previous = process.env.PYTHONPATH;
  process.env.PYTHONPATH = library;
  onTestFinished(() => {
    if (previous === undefined) delete process.env.PYTHONPATH;
    else process.env.PYTHONPATH = previous;
  });
}

const RECORDING = `
import json, os
__version__ = "0"
class Run:
    def __init__(self, path):
        self.dir = path
        self.file = open(os.path.join(path, "told.jsonl"), "w")
    def log(self, metrics, step):
        print("the library prints")
        self.file.write(json.dumps([step, metrics]) + "\\n")
    def finish(self):
        self.file.write('"finished"\\n')
        self.file.close()
def init(**arguments):
    with open(os.path.join(arguments["dir"], "init.json"), "w") as file: json.dump(arguments, file)
    return Run(arguments["dir"])
`;

describe('the bridge to Weights & Biases', () => {
  it('passes on the run, its configuration and every figure that is finite', async () => {
    pretendLibrary(RECORDING);
    const logger = await openWandb(request());
    await logger.log(10, { loss: 2.5, grad_norm: Number.POSITIVE_INFINITY });
    await logger.log(20, { loss: 2 });
    await logger.close();
    expect(JSON.parse(readFileSync(join(directory, 'init.json'), 'utf8'))).toEqual({
      project: 'tests',
      entity: null,
      mode: 'offline',
      dir: directory,
      name: 'a run',
      id: 'abc12345',
      resume: 'allow',
      config: { steps: 3 },
    });
    expect(readFileSync(join(directory, 'told.jsonl'), 'utf8')).toBe(
      '[10, {"loss": 2.5}]\n[20, {"loss": 2}]\n"finished"\n',
    );
    expect(problems).toEqual([]);
  });

  it('tells how to install a library that is absent', async () => {
    pretendLibrary('raise ImportError("No module named wandb")');
    const refused = openWandb(request());
    await expect(refused).rejects.toThrow(TrainingError);
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('pip install wandb') as string });
  });

  it('tells the same where there is no Python', async () => {
    const refused = openWandb(request({ python: join(directory, 'no-python') }));
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('pip install wandb') as string });
  });

  it('repeats what the library says when it refuses', async () => {
    pretendLibrary('def init(**arguments): raise ValueError("api key not configured")');
    await expect(openWandb(request())).rejects.toThrow('api key not configured');
  });

  it('lets training go on when it dies, and says so once', async () => {
    pretendLibrary(RECORDING.replace('print("the library prints")', 'os._exit(9)'));
    const logger = await openWandb(request());
    for (let step = 1; problems.length === 0; step++) {
      await logger.log(step, { loss: 1 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await logger.log(1_000_000, { loss: 1 });
    await logger.close();
    expect(problems).toEqual([expect.stringContaining('status 9')]);
  });

  it('keeps one id for a run and those that resume it', async () => {
    pretendLibrary(RECORDING);
    const ids: string[] = [];
    for (const resumedStep of [null, 10]) {
      const options = loggingOptions.parse({ wandb: { enabled: true, mode: 'offline' } });
      const onProblem = (message: string) => problems.push(message);
      const logger = await openMetricsLogger({ options, directory, name: 'a run', config: {}, resumedStep, onProblem });
      await logger.close();
      ids.push((JSON.parse(readFileSync(join(directory, 'init.json'), 'utf8')) as { id: string }).id);
    }
    expect(ids[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(ids[1]).toBe(ids[0]);
  });

  it('leaves no files of the run behind when it is refused', async () => {
    pretendLibrary('raise ImportError("No module named wandb")');
    const run = join(directory, 'run');
    mkdirSync(run);
    const options = loggingOptions.parse({ wandb: { enabled: true }, tensorboard: true });
    const opened = openMetricsLogger({
      options,
      directory: run,
      name: 'x',
      config: {},
      resumedStep: null,
      onProblem() {},
    });
    await expect(opened).rejects.toThrow(TrainingError);
    expect(existsSync(join(run, 'metrics.jsonl'))).toBe(false);
  });

  it('writes a run that the real library accepts, offline', { timeout: 180_000 }, async (context) => {
    const found = await wandbPython();
    if ('missing' in found) {
      console.warn(`skipped: the library of Weights & Biases cannot be installed here: ${found.missing}`);
      return context.skip();
    }
    const logger = await openWandb(request({ python: found.python }));
    for (const step of [10, 20]) await logger.log(step, { loss: 1 / step });
    await logger.close();
    const offline = readdirSync(join(directory, 'wandb')).find((name) => name.startsWith('offline-run-'));
    const files = readdirSync(join(directory, 'wandb', offline!));
    expect(files).toContain('run-abc12345.wandb');
    expect(problems).toEqual([]);
  });
});
