import { Args } from '@oclif/core';
import { BaseCommand } from '../base.js';
import { optionLines } from '../shell/option-lines.js';

export default class BackendsShow extends BaseCommand {
  static override summary = "Show a backend's options with their defaults.";
  static override examples = ['<%= config.bin %> backends show jax'];
  static override args = { name: Args.string({ description: 'name of a backend', required: true }) };

  async run(): Promise<object> {
    const { name } = (await this.parse(BackendsShow)).args;
    const { describeOptions } = await import('../../plugins/plugin-options.js');
    const { originName } = await import('../../plugins/registry.js');
    const { definition, origin } = (await this.loadPlugins()).backend(name);
    const options = describeOptions(definition.options);
    this.log(`${name} (${originName(origin)}): ${definition.summary}`);
    for (const line of optionLines(options, 'backend')) this.log(line);
    return { name, summary: definition.summary, origin: originName(origin), options };
  }
}
