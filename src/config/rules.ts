import { trainedModes, trainedRepresentations } from '../data/compression-schedule.js';
import { MODES } from '../data/mixing-modes.js';
import { RANDOM_STARTS } from '../data/options.js';
import { RAW_LIMIT } from '../vocabulary/layout.js';
import type { Config } from './schema.js';
import type { SettingPath } from './setting.js';

/**
 * What the shape of a configuration cannot say. An *unused* rule names a setting that would be ignored: written in the
 * same or a later source than the settings that make it so, it is an error; written in an earlier one, it has been
 * overridden and is dropped. A *conflict* rule names settings that contradict each other wherever they come from.
 */
export type Rule = UnusedRule | ConflictRule;

interface UnusedRule {
  kind: 'unused';
  /** The settings that are ignored. */
  fields(config: Config): SettingPath[];
  /** Whether they are. */
  when(config: Config): boolean;
  /** The settings that decide it, also by making one of these unused. */
  because: SettingPath[];
  message(config: Config): string;
  hint: string;
}

interface ConflictRule {
  kind: 'conflict';
  field: SettingPath;
  when(config: Config): boolean;
  message(config: Config): string;
  hint(config: Config): string;
}

type Schedule = Config['optim']['schedule'];

/** A setting of the learning-rate schedules that only the given ones read. */
function scheduleSetting(name: keyof Config['optim'], ...readBy: Schedule[]): UnusedRule {
  return {
    kind: 'unused',
    fields: () => [['optim', name]],
    when: ({ optim }) => !readBy.includes(optim.schedule),
    because: [['optim', 'schedule']],
    message: ({ optim }) => `the learning-rate schedule ${optim.schedule} has no ${name}`,
    hint: `Remove it, or set optim.schedule to ${readBy.join(' or ')}.`,
  };
}

/** A setting that counts only while a switch is on. */
function switched(
  field: SettingPath,
  isOn: (config: Config) => boolean,
  because: SettingPath[],
  message: string,
  hint: string,
): UnusedRule {
  return {
    kind: 'unused',
    fields: () => [field],
    when: (config) => !isOn(config),
    because,
    message: () => message,
    hint,
  };
}

export const RULES: readonly Rule[] = [
  // ------------------------------------------------------------------------------------- settings that are ignored
  ...(['mix', 'rate'] as const).map(
    (name): UnusedRule => ({
      kind: 'unused',
      fields: () => [['data', name]],
      when: ({ data }) => data.schedule !== null,
      because: [['data', 'schedule']],
      message: () => `data.schedule decides the mixing mode and the rate, so data.${name} would be ignored`,
      hint: `Remove one of them, set data.schedule to null, or give --${name}, which replaces the schedule.`,
    }),
  ),
  {
    kind: 'unused',
    fields: ({ compressors, data }) =>
      Object.keys(compressors)
        .filter((name) => name !== data.compressor)
        .map((name) => ['compressors', name]),
    when: () => true,
    because: [['data', 'compressor']],
    message: ({ data }) => `these are options of another compressor than the one in use, ${data.compressor}`,
    hint: 'Remove the section, or choose that compressor by data.compressor.',
  },
  switched(
    ['data', 'codeField'],
    ({ data }) => trainedRepresentations(data).compressed,
    [
      ['data', 'rate'],
      ['data', 'schedule'],
    ],
    'no compressed text is trained on, so precomputed codes would be ignored',
    'Remove it, or set data.rate above 0.',
  ),
  switched(
    ['data', 'codeField'],
    ({ data }) => data.precomputed !== 'ignore',
    [['data', 'precomputed']],
    'data.precomputed: ignore has all codes made while loading, so this field would be ignored',
    'Remove one of the two.',
  ),
  switched(
    ['data', 'precomputed'],
    ({ data }) => trainedRepresentations(data).compressed,
    [
      ['data', 'rate'],
      ['data', 'schedule'],
    ],
    'no compressed text is trained on, so precomputed codes would be ignored',
    'Remove it, or set data.rate above 0.',
  ),
  switched(
    ['data', 'blockBytes'],
    ({ data }) => data.shuffle,
    [['data', 'shuffle']],
    'documents are not shuffled, so the size of a shuffled block would be ignored',
    'Remove it, or set data.shuffle to true.',
  ),
  switched(
    ['vocabulary', 'multiple'],
    ({ vocabulary }) => vocabulary.size === null,
    [['vocabulary', 'size']],
    'vocabulary.size fixes the size, so it is not rounded up',
    'Remove one of the two.',
  ),
  scheduleSetting('warmup', 'linear', 'inv_sqrt', 'cosine', 'wsd'),
  scheduleSetting('minRatio', 'linear', 'inv_sqrt', 'cosine', 'wsd', 'linear_decay'),
  scheduleSetting('cycleLength', 'cosine', 'wsd'),
  scheduleSetting('cosineTheta', 'cosine'),
  scheduleSetting('decayFraction', 'wsd'),
  scheduleSetting('expFactor', 'inv_sqrt'),
  scheduleSetting('startDecayStep', 'linear_decay'),
  switched(
    ['loss', 'compressedWeight'],
    ({ loss }) => loss.weightCompressed,
    [
      ['loss', 'weightCompressed'],
      ['loss', 'multibyteMask'],
    ],
    'compressed positions are not down-weighted, so their weight would be ignored',
    'Remove it, or set loss.weightCompressed to true.',
  ),
  ...(['weightCompressed', 'disableCrossBytePrediction'] as const).map((name) =>
    switched(
      ['loss', name],
      ({ loss }) => loss.multibyteMask || !loss[name],
      [['loss', 'multibyteMask']],
      `heads are not weighted, so loss.${name} would be ignored`,
      'Remove it, or set loss.multibyteMask to true.',
    ),
  ),
  switched(
    ['checkpoint', 'keepEvery'],
    ({ checkpoint }) => checkpoint.keep !== 0 || checkpoint.keepEvery === null,
    [['checkpoint', 'keep']],
    'every checkpoint is kept already',
    'Remove it, or set checkpoint.keep above 0.',
  ),
  switched(
    ['validation', 'batches'],
    ({ validation }) => validation.every !== null,
    [['validation', 'every']],
    'the validation loss is not measured during training',
    'Remove it, or set validation.every to a number of steps.',
  ),
  ...(['project', 'entity', 'mode'] as const).map((name) =>
    switched(
      ['logging', 'wandb', name],
      ({ logging }) => logging.wandb.enabled,
      [['logging', 'wandb', 'enabled']],
      'Weights & Biases is not enabled',
      'Remove it, or set logging.wandb.enabled to true.',
    ),
  ),

  // --------------------------------------------------------------------------------- settings that contradict others
  {
    kind: 'conflict',
    field: ['batch', 'sequenceLength'],
    when: ({ model, batch }) => model.architecture === 'evabyte' && batch.sequenceLength % model.windowSize !== 0,
    message: ({ model, batch }) =>
      `the sequence length ${batch.sequenceLength} is not a multiple of model.windowSize${
        model.architecture === 'evabyte' ? ` ${model.windowSize}` : ''
      }`,
    hint: ({ model }) =>
      model.architecture === 'evabyte'
        ? `Use a multiple of ${model.windowSize}, or a window that divides the sequence.`
        : 'Use a multiple of the window.',
  },
  {
    kind: 'conflict',
    field: ['data', 'sources'],
    when: ({ data }) => Object.keys(data.sources).length === 0,
    message: () => 'data.sources names no source',
    hint: () => 'Name at least one folder below data.root with its weight, such as train: 1.',
  },
  {
    kind: 'conflict',
    field: ['data', 'crop'],
    when: ({ data }) => data.crop !== null && trainedModes(data).some((mode) => MODES[mode].pairs.length > 0),
    message: () => 'crops are cut from documents that are shown once, and this mixing mode shows pairs',
    hint: () => 'Set data.mix to vanilla or sentinel, or data.crop to null.',
  },
  {
    kind: 'conflict',
    field: ['data', 'crop', 'starts'],
    when: ({ data }) =>
      data.crop !== null && data.crop.starts !== RANDOM_STARTS && trainedRepresentations(data).compressed,
    message: () => 'the windows of a codebook are windows of raw bytes, and compressed text is trained on too',
    hint: () => `Set data.rate to 0, or data.crop.starts to ${RANDOM_STARTS}.`,
  },
  {
    kind: 'conflict',
    field: ['vocabulary', 'size'],
    when: ({ vocabulary, data }) =>
      vocabulary.size !== null && trainedRepresentations(data).raw && vocabulary.size < RAW_LIMIT,
    message: ({ vocabulary }) => `a vocabulary of ${vocabulary.size} cannot hold the specials and the 256 raw bytes`,
    hint: () => `Use ${RAW_LIMIT} or more, or leave vocabulary.size out to derive it.`,
  },
  {
    kind: 'conflict',
    field: ['optim', 'decayFraction'],
    when: ({ optim }) => optim.schedule === 'wsd' && optim.decayFraction >= optim.cycleLength,
    message: ({ optim }) =>
      `wsd cannot decay for ${optim.decayFraction} of a cycle that is ${optim.cycleLength} of the run`,
    hint: () => 'Use a decayFraction smaller than cycleLength.',
  },
  {
    kind: 'conflict',
    field: ['optim', 'startDecayStep'],
    when: ({ optim, steps }) => optim.schedule === 'linear_decay' && optim.startDecayStep >= steps,
    message: ({ optim, steps }) => `the decay would begin at step ${optim.startDecayStep} of a run of ${steps} steps`,
    hint: ({ steps }) => `Set optim.startDecayStep below ${steps}.`,
  },
  {
    kind: 'conflict',
    field: ['loss', 'multibyteMask'],
    when: ({ model, loss }) => loss.multibyteMask && model.rawHeads > 0,
    message: () => 'the weights of loss.multibyteMask are not defined for a model with raw heads',
    hint: () => 'Remove loss.multibyteMask, or set model.rawHeads to 0.',
  },
  {
    kind: 'conflict',
    field: ['model', 'rawHeads'],
    when: ({ model, data }) => model.rawHeads > 0 && !trainedRepresentations(data).raw,
    message: () => 'raw heads learn at raw positions alone, and no raw text is trained on',
    hint: () => 'Set model.rawHeads to 0, or data.rate below 1.',
  },
  {
    kind: 'conflict',
    field: ['validation', 'every'],
    when: ({ validation, data }) => validation.every !== null && data.validation === null,
    message: () => 'the validation loss needs held-out text, but data.validation is null',
    hint: () => 'Set data.validation to a folder or file, or validation.every to null.',
  },
  {
    kind: 'conflict',
    field: ['bpb', 'contextBytes'],
    when: ({ bpb }) => bpb.contextBytes !== null && bpb.context !== null,
    message: () => 'bpb.context and bpb.contextBytes both fix the length of a window',
    hint: () => 'Remove one of the two.',
  },
  {
    kind: 'conflict',
    field: ['bpb', 'stride'],
    when: ({ bpb, batch }) =>
      bpb.stride !== null && bpb.contextBytes === null && bpb.stride > (bpb.context ?? batch.sequenceLength),
    message: ({ bpb, batch }) =>
      `a stride of ${bpb.stride} symbols would skip text between windows of ${bpb.context ?? batch.sequenceLength}`,
    hint: () => 'Use a stride no longer than the context.',
  },
  ...(['stride', 'contextBytes'] as const).map(
    (name): ConflictRule => ({
      kind: 'conflict',
      field: ['bpb', name],
      when: ({ bpb }) => bpb.crops && bpb[name] !== null,
      message: () => `crops abut and have bpb.context symbols each, so bpb.${name} has no meaning for them`,
      hint: () => `Remove it, or set bpb.crops to false; bpb.context is the length of a crop.`,
    }),
  ),
  {
    kind: 'conflict',
    field: ['bpb', 'cropsAt'],
    when: ({ bpb }) => bpb.cropsAt !== null && !bpb.crops,
    message: () => 'a codebook says where crops begin, and no crops are cut',
    hint: () => 'Set bpb.crops to true (--crops), or remove bpb.cropsAt.',
  },
  {
    kind: 'conflict',
    field: ['bpb', 'context'],
    when: ({ bpb, model }) =>
      model.architecture === 'evabyte' && bpb.context !== null && bpb.context % model.windowSize !== 0,
    message: ({ bpb, model }) =>
      `the context ${bpb.context} is not a multiple of model.windowSize${
        model.architecture === 'evabyte' ? ` ${model.windowSize}` : ''
      }`,
    hint: () => 'Use a multiple of the window.',
  },
];
