import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../support/pc.js';

/** Runs `pc --version` in a Node that gives itself out for another version. */
function versionUnderNode(node: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`;
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(pretend)}`,
    `${PACKAGE_ROOT}bin/run.js`,
    '--version',
  ];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

describe('pc', () => {
  it.each(['18.20.8', '20.18.3'])('says on Node %s which one it needs, and fails', (node) => {
    expect(versionUnderNode(node)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('Node 20.19'),
    });
  });

  it.each(['20.19.0', '22.0.0', '24.1.0'])('runs on Node %s', (node) => {
    expect(versionUnderNode(node)).toMatchObject({ status: 0, stdout: expect.stringContaining('proxy-compression/') });
  });
});
