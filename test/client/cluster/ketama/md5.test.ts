import { createHash } from 'node:crypto';
import { md5First32 } from '../../../../src/client/cluster/ketama/md5';
import { randomOf } from '../../../support/random';

const nodes = (key: string) => createHash('md5').update(key).digest().readUInt32LE(0);
const ASCII = Array.from({ length: 128 }, (_, i) => String.fromCharCode(i)).join('');

describe('md5First32', () => {
    it('equals the digest of Node for every length', () => {
        for (let length = 0; length <= 600; length++) {
            const key = ASCII.repeat(5).slice(length % 40, length + (length % 40));
            expect(md5First32(key)).toBe(nodes(key));
        }
    });

    it.each(['ключ', 'aé', '鍵'.repeat(80), '🔑', 'lone \ud800 surrogate', `${'a'.repeat(249)}é`])(
        'equals the digest of Node for %s',
        key => {
            expect(md5First32(key)).toBe(nodes(key));
            expect(md5First32('after it')).toBe(nodes('after it'));
        },
    );

    it('equals the digest of Node for random keys', () => {
        const random = randomOf('md5 keys');
        for (let i = 0; i < 20_000; i++) {
            const key = `${i}:${random()}`;
            if (md5First32(key) !== nodes(key)) throw new Error(key);
        }
    });
});
