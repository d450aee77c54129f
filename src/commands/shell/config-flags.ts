import { Flags } from '@oclif/core';
import type { ConfigRequest, FlagSetting, ResolvedConfig } from '../../config/index.js';
import { MIX_MODES } from '../../data/options.js';

/** The flags by which every command that needs a configuration finds it. */
export const configFlags = {
  config: Flags.string({ char: 'c', summary: 'Configuration file, read after pc.config.*.', helpValue: 'FILE' }),
  preset: Flags.string({
    summary: 'Preset below pc.config.*; may be repeated, later ones win.',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  set: Flags.string({
    summary: 'Set any setting, such as optim.learningRate=9e-4; may be repeated.',
    helpValue: 'a.b=VALUE',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** Flags that stand for settings; a command takes those that it needs. */
export const settingFlags = {
  name: Flags.string({ summary: 'Name of the run.' }),
  output: Flags.string({ char: 'o', summary: 'Directory of the run.', helpValue: 'DIR' }),
  steps: Flags.integer({ summary: 'Optimizer steps.', min: 1 }),
  seed: Flags.integer({ summary: 'Seed of everything random.', min: 0 }),
  compressor: Flags.string({ summary: 'Compressor plugin.', helpValue: 'NAME' }),
  mix: Flags.string({ summary: 'Mixing mode; replaces data.schedule.', options: MIX_MODES }),
  rate: Flags.string({ summary: 'Share of compressed text, 0 to 1; replaces data.schedule.', helpValue: 'R' }),
};

const SETTINGS: Readonly<Record<keyof typeof settingFlags, readonly string[]>> = {
  name: ['name'],
  output: ['output'],
  steps: ['steps'],
  seed: ['seed'],
  compressor: ['data', 'compressor'],
  mix: ['data', 'mix'],
  rate: ['data', 'rate'],
};

/** Flags that give a constant where a schedule may have been configured. */
const REPLACING_SCHEDULE = ['mix', 'rate'] as const;

/** What a command parsed: any of the flags above. */
export interface ParsedConfigFlags {
  config?: string | undefined;
  preset?: string[] | undefined;
  set?: string[] | undefined;
  name?: string | undefined;
  output?: string | undefined;
  steps?: number | undefined;
  seed?: number | undefined;
  compressor?: string | undefined;
  mix?: string | undefined;
  rate?: string | undefined;
}

/** The settings that the given flags stand for. */
export function flagSettings(flags: ParsedConfigFlags): FlagSetting[] {
  const given = (Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]).filter((flag) => flags[flag] !== undefined);
  const settings = given.map((flag) => ({ flag: `--${flag}`, path: SETTINGS[flag], value: settingValue(flag, flags) }));
  const replacing = REPLACING_SCHEDULE.find((flag) => flags[flag] !== undefined);
  return replacing ? [...settings, { flag: `--${replacing}`, path: ['data', 'schedule'], value: null }] : settings;
}

/** A rate that is no number is left as it is for the schema to refuse. */
function settingValue(flag: keyof typeof SETTINGS, flags: ParsedConfigFlags): unknown {
  if (flag !== 'rate') return flags[flag];
  const text = flags.rate!.trim();
  return text === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

/**
 * The configuration that a command's flags ask for, in the working directory.
 *
 * @param more settings by flags of the command's own
 */
export async function loadCommandConfig(flags: ParsedConfigFlags, more: FlagSetting[] = []): Promise<ResolvedConfig> {
  const { loadConfig } = await import('../../config/index.js');
  return loadConfig(configRequest(flags, more));
}

/** Where a command's flags say that settings are, in the working directory. */
export function configRequest(flags: ParsedConfigFlags, more: FlagSetting[] = []): ConfigRequest {
  return {
    cwd: process.cwd(),
    presets: flags.preset ?? [],
    set: flags.set ?? [],
    flags: [...flagSettings(flags), ...more],
    ...(flags.config !== undefined && { file: flags.config }),
  };
}
