import { Args } from '@oclif/core';
import { BaseCommand } from '../base.js';
import { optionLines } from '../shell/option-lines.js';

export default class CompressorsShow extends BaseCommand {
  static override summary = "Show a compressor's options with their defaults.";
  static override examples = ['<%= config.bin %> compressors show gzip'];
  static override args = { name: Args.string({ description: 'name of a compressor', required: true }) };

  async run(): Promise<object> {
    const { name } = (await this.parse(CompressorsShow)).args;
    const { describeOptions } = await import('../../plugins/plugin-options.js');
    const { originName } = await import('../../plugins/registry.js');
    const { definition, origin } = (await this.loadPlugins()).compressor(name);
    const options = describeOptions(definition.options);
    this.log(`${name} (${originName(origin)}): ${definition.summary}`);
    for (const line of optionLines(options, `compressors.${name}`)) this.log(line);
    return { name, summary: definition.summary, origin: originName(origin), options };
  }
}
