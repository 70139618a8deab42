import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/root';
import bugs from './bugs.cjs';

describe('a planted bug', () => {
    it('has a recorded seed', () => {
        const seeds = JSON.parse(readFileSync(join(__dirname, 'seeds.json'), 'utf8')) as object;
        expect(Object.keys(seeds)).toEqual(Object.keys(bugs));
    });

    it.each(Object.entries(bugs))('matches one place per edit: %s', (_, edits) => {
        for (const { file, from } of edits) {
            const source = readFileSync(join(root, 'src', file), 'utf8');
            expect(source.split(from).length - 1).toBe(1);
        }
    });
});
