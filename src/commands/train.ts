import { join, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { FlagSetting } from '../config/command-line.js';
import type { ResolvedConfig } from '../config/index.js';
import { InterruptedError, UsageError } from '../support/errors.js';
import type { DryRun } from '../training/dry-run.js';
import type { RunStart } from '../training/run-start.js';
import type { TrainingSummary } from '../training/trainer.js';
import { BaseCommand } from './base.js';
import { checkpointAt, runOfCheckpoint } from './shell/checkpoint-argument.js';
import {
  configFlags,
  configRequest,
  flagSettings,
  loadCommandConfig,
  type ParsedConfigFlags,
  settingFlags,
} from './shell/config-flags.js';
import { describeDryRun } from './shell/dry-run-lines.js';
import { requireRun } from './shell/existing-run.js';
import { describeSummary, trainingObserver } from './shell/training-lines.js';

export default class Train extends BaseCommand {
  static override summary = 'Train a model on a mix of compressed and raw text.';
  static override description =
    `In a directory that \`pc init\` made, this trains the configured model; flags and --set change single settings.

--resume goes on with a run exactly where its newest checkpoint stopped: batches, losses and parameters are those of a run that was never interrupted. It takes the settings of the run itself, not of pc.config.*; flags may change how the run is written down and how long it is (steps, checkpoint, logging, validation, data.sources, backend), nothing that it computes.`;
  static override examples = [
    '<%= config.bin %> train --mix sentinel --rate 0.9',
    '<%= config.bin %> train --preset gzip-proxy --name proxy --steps 2000',
    '<%= config.bin %> train --resume',
    '<%= config.bin %> train --name finetune --from runs/default/checkpoints/0000001000',
  ];
  static override usage = [
    'train [--from CHECKPOINT] [--force] [FLAGS]',
    'train --resume [FLAGS]',
    'train --resume-from CHECKPOINT [--force] [FLAGS]',
  ];
  static override flags = {
    ...configFlags,
    ...settingFlags,
    resume: Flags.boolean({ summary: 'Go on with the run from its newest checkpoint.', exclusive: ['from', 'force'] }),
    'resume-from': Flags.string({
      summary: 'Go on from this checkpoint, in its run, or the newest of a run; --force deletes those after it.',
      helpValue: 'CHECKPOINT',
      exclusive: ['from', 'resume'],
    }),
    from: Flags.string({
      summary: 'A new run from the weights of this checkpoint, or the newest of a run.',
      helpValue: 'CHECKPOINT',
    }),
    force: Flags.boolean({ summary: 'Replace a run of the same name.' }),
    'dry-run': Flags.boolean({
      summary: 'Train nothing: say what the run would take: parameters, arithmetic, memory and time.',
      exclusive: ['resume', 'resume-from', 'from', 'force'],
    }),
    backend: Flags.string({ summary: 'Backend plugin.', helpValue: 'NAME' }),
    device: Flags.string({
      summary: 'What computes: cpu, webgpu, webgpu:1, auto, or what else the backend has (`pc backends`).',
      helpValue: 'DEVICE',
    }),
    devices: Flags.integer({
      summary: 'Devices that train together, where the backend divides work over several (jax).',
      helpValue: 'N',
      min: 1,
    }),
    tensorboard: Flags.boolean({ summary: 'Write TensorBoard event files.', allowNo: true }),
    wandb: Flags.boolean({ summary: 'Log to Weights & Biases.', allowNo: true }),
    probe: Flags.integer({
      summary: 'Write statistics of activations and gradients every N steps.',
      helpValue: 'N',
      min: 1,
    }),
    profile: Flags.boolean({ summary: 'Profile one step, operation by operation.', allowNo: true }),
    'reference-lenient': Flags.boolean({
      summary: 'Read neural codes of the published pipeline as it does: drop coded bytes that do not fill a window.',
    }),
  };

  async run(): Promise<TrainingSummary | DryRun> {
    const { flags } = await this.parse(Train);
    if (flags['dry-run']) return this.dryRun(flags);
    const resuming = flags.resume || flags['resume-from'] !== undefined;
    if (resuming && (flags.config !== undefined || flags.preset !== undefined))
      throw new UsageError('a resumed run has its own configuration: --config and --preset would be ignored', {
        hint: 'Change single settings by --set.',
      });
    const { loadConfigFile, serialiseConfig } = await import('../config/index.js');
    const { directory, start, config, origins } = resuming
      ? await runToResume(flags)
      : await runToStart(flags, flags.from === undefined ? undefined : await checkpointAt(flags.from));

    const { train } = await import('../training/trainer.js');
    const registry = await this.loadPlugins();
    const signal = this.stopSignal;
    const { summary } = await this.runTasks<{ summary?: TrainingSummary }>(
      [
        {
          title: `Training ${config.name}`,
          task: async (context, task) => {
            const show = (line: string): void => {
              task.output = line;
            };
            context.summary = await train(
              {
                settings: config,
                configYaml: serialiseConfig(config, origins),
                readConfig: async (file) => (await loadConfigFile(file)).config,
                directory,
                registry,
                start,
                force: flags.force,
                version: this.config.version,
                onProblem: (message) => process.stderr.write(`Warning: ${message}\n`),
              },
              trainingObserver(show),
              signal,
            );
          },
          rendererOptions: { persistentOutput: true },
        },
      ],
      {},
    );
    for (const line of describeSummary(summary!)) this.log(line);
    if (!summary!.finished)
      throw new InterruptedError(`stopped after step ${summary!.step}; nothing is lost`, {
        hint:
          summary!.checkpoint === ''
            ? 'It had not come to its first step: start it again in the same way.'
            : `Go on with it by: pc train --resume${config.name === 'default' ? '' : ` --name ${config.name}`}`,
      });
    return summary!;
  }

  /** A few steps on random symbols, and nothing is written. */
  private async dryRun(flags: StartFlags): Promise<DryRun> {
    const { config } = await runToStart(flags, undefined);
    const { dryRun } = await import('../training/dry-run.js');
    const onProblem = (message: string) => void process.stderr.write(`Warning: ${message}\n`);
    const registry = await this.loadPlugins();
    const { found } = await this.runTasks<{ found?: DryRun }>(
      [
        {
          title: `Measuring steps of ${config.name}`,
          task: async (context) => {
            context.found = await dryRun({ settings: config, registry, onProblem }, this.stopSignal);
          },
        },
      ],
      {},
    );
    for (const line of describeDryRun(found!)) this.log(line);
    return found!;
  }
}

interface ChosenRun extends ResolvedConfig {
  /** Of the run. */
  directory: string;
  start: RunStart;
}

type StartFlags = ParsedConfigFlags & OwnFlags;

async function runToStart(flags: StartFlags, from: string | undefined): Promise<ChosenRun> {
  const resolved = await loadCommandConfig(flags, ownSettings(flags));
  const { runDirectory } = await import('../config/index.js');
  const start: RunStart = from === undefined ? { kind: 'new' } : { kind: 'from', checkpoint: from };
  return { ...resolved, directory: runDirectory(resolved.config), start };
}

/**
 * The run that a checkpoint belongs to, or, where it lies in none, the one that its settings name, from here; without a
 * checkpoint the one that the project and the flags name. With its own settings.
 *
 * @throws UsageError if flags name another run than the checkpoint's
 */
async function runToResume(flags: StartFlags & { 'resume-from'?: string | undefined }): Promise<ChosenRun> {
  const named = flags['resume-from'];
  const { loadRunConfig, runDirectory } = await import('../config/index.js');
  const settingsIn = (directory: string) =>
    loadRunConfig(join(directory, 'config.yaml'), {
      set: flags.set ?? [],
      flags: [...flagSettings(flags), ...ownSettings(flags)],
    });
  if (named === undefined) {
    const run = await projectRun(flags);
    await requireRun(run);
    return { ...(await settingsIn(run)), directory: run, start: { kind: 'resume', checkpoint: null } };
  }
  const checkpoint = await checkpointAt(named);
  const run = runOfCheckpoint(checkpoint);
  if (run !== null && (flags.name !== undefined || flags.output !== undefined)) {
    const asked = await projectRun(flags);
    if (resolve(asked) !== resolve(run))
      throw new UsageError(`the checkpoint ${checkpoint} is not one of the run ${asked}`, {
        hint: `Leave out --name and -o to go on with ${run}, or start a new run by --from ${checkpoint}.`,
      });
  }
  const resolved = await settingsIn(checkpoint);
  return { ...resolved, directory: run ?? runDirectory(resolved.config), start: { kind: 'resume', checkpoint } };
}

async function projectRun(flags: StartFlags): Promise<string> {
  const { namedRunDirectory } = await import('../config/index.js');
  return namedRunDirectory(configRequest(flags, ownSettings(flags)));
}

interface OwnFlags {
  backend?: string | undefined;
  device?: string | undefined;
  devices?: number | undefined;
  tensorboard?: boolean | undefined;
  wandb?: boolean | undefined;
  probe?: number | undefined;
  profile?: boolean | undefined;
  'reference-lenient'?: boolean | undefined;
}

/** The settings that this command's own flags stand for. */
function ownSettings(flags: OwnFlags): FlagSetting[] {
  const settings: FlagSetting[] = [
    { flag: '--backend', path: ['backend', 'name'], value: flags.backend },
    { flag: '--device', path: ['backend', 'device'], value: flags.device },
    { flag: '--devices', path: ['backend', 'devices'], value: flags.devices },
    { flag: '--tensorboard', path: ['logging', 'tensorboard'], value: flags.tensorboard },
    { flag: '--wandb', path: ['logging', 'wandb', 'enabled'], value: flags.wandb },
    { flag: '--probe', path: ['logging', 'probe'], value: flags.probe },
    { flag: '--profile', path: ['logging', 'profile'], value: flags.profile },
    {
      flag: '--reference-lenient',
      path: ['compressors', 'neural', 'lenient'],
      value: flags['reference-lenient'] || undefined,
    },
  ];
  return settings.filter(({ value }) => value !== undefined);
}
