import { describe, expect, it } from 'vitest';
import { alignColumns } from '../../../src/commands/shell/table.js';

describe('a table', () => {
  it('aligns its columns and leaves no trailing spaces', () => {
    const rows = [
      ['NAME', 'FROM', 'SUMMARY'],
      ['gzip', 'built-in', ''],
      ['doublebyte', 'x', 'pairs'],
    ];
    expect(alignColumns(rows)).toEqual([
      'NAME        FROM      SUMMARY',
      'gzip        built-in',
      'doublebyte  x         pairs',
    ]);
  });
});
