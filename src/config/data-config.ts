import { type ConfigRequest, gatherSources, mergeRanked } from './load.js';
import { configProblem } from './problems.js';
import { type Config, configSchema } from './schema.js';

/** What commands read that prepare data, before any model is chosen. */
export type DataConfig = Pick<Config, 'data' | 'compressors'>;

/**
 * The part of a configuration that is about data, with the options of any number of compressors. Whether it fits a
 * training run is of no concern here.
 *
 * @throws ConfigError, UsageError as `loadConfig`, except for settings of the model and rules between settings
 */
export async function loadDataConfig(request: ConfigRequest): Promise<DataConfig> {
  const merged = mergeRanked(await gatherSources(request));
  merged.remove(['model']);
  const parsed = configSchema.omit({ model: true }).safeParse(merged.tree());
  if (!parsed.success) throw configProblem(parsed.error, merged);
  const { data, compressors } = parsed.data;
  return { data, compressors };
}
