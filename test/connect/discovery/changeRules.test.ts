import { KeepMissing, TakeHigherVersion } from '../../../src/connect/discovery/changeRules';
import type { Place } from '../../../src/connect/discovery/Place';
import { randomOf } from '../../support/random';
import { places } from './ScriptedSource';

let known: readonly Place[];
let down: string[];
const isUp = ({ host }: Place) => !down.includes(host);
const hosts = () => known.map(({ host }) => host).sort();

beforeEach(() => {
    known = [];
    down = [];
});

describe('KeepMissing', () => {
    let rule: KeepMissing;
    const answer = (...names: string[]) => {
        known = rule.next(known, { servers: places(...names) }, isUp);
        return hosts().join('');
    };

    beforeEach(() => {
        rule = new KeepMissing();
        answer('a', 'b', 'c');
    });

    it('adds a server at once', () => {
        expect(answer('d', 'c', 'b', 'a')).toBe('abcd');
    });

    it('keeps a server that is up until it has been missing three times in a row', () => {
        expect([answer('a', 'b'), answer('a', 'b'), answer('a', 'b')]).toEqual(['abc', 'abc', 'ab']);
    });

    it('removes a missing server that is down at once', () => {
        down = ['c'];
        expect(answer('a', 'b')).toBe('ab');
    });

    it('keeps a server that is down while it is listed', () => {
        down = ['c'];
        expect([answer('a', 'b', 'c'), answer('a', 'b', 'c'), answer('a', 'b', 'c')]).toEqual(['abc', 'abc', 'abc']);
    });

    it('counts anew when a server was listed meanwhile', () => {
        answer('a', 'b');
        answer('a', 'b', 'c');
        expect([answer('a', 'b'), answer('a', 'b'), answer('a', 'b')]).toEqual(['abc', 'abc', 'ab']);
    });

    it('removes only servers that are down once the answers have proved to be subsets', () => {
        answer('a', 'b');
        expect(answer('c', 'd')).toBe('abcd');
        for (let i = 0; i < 10; i++) expect(answer('c', 'd')).toBe('abcd');
        down = ['a'];
        expect(answer('c', 'd')).toBe('bcd');
        // A complete answer ends the doubt.
        expect(answer('b', 'c', 'd')).toBe('bcd');
        expect([answer('c', 'd'), answer('c', 'd'), answer('c', 'd')]).toEqual(['bcd', 'bcd', 'cd']);
    });

    it('waits for eight misses when answers also name new servers', () => {
        expect(answer('b', 'c', 'd')).toBe('abcd');
        for (let misses = 2; misses < 8; misses++) expect(answer('b', 'c', 'd')).toBe('abcd');
        expect(answer('b', 'c', 'd')).toBe('bcd');
        // The fleet is replaced, and the doubt ends with its last old server.
        expect([answer('c', 'd'), answer('c', 'd'), answer('c', 'd')]).toEqual(['bcd', 'bcd', 'cd']);
    });

    it('replaces a fleet server by server as the old ones go down', () => {
        const steps: [string, string[]][] = [
            ['a', ['b', 'c', 'd']],
            ['b', ['c', 'd', 'e']],
            ['c', ['d', 'e', 'f']],
        ];
        for (const [gone, names] of steps) {
            down.push(gone);
            expect(answer(...names)).toBe(names.join(''));
        }
    });

    it('replaces all servers at once when all are down', () => {
        down = ['a', 'b', 'c'];
        expect(answer('x', 'y')).toBe('xy');
    });
});

/** Returns 20 random subsets of 3 of 5 servers, of which the first three have all 5. */
function subsets(random: () => number): string[][] {
    const all = ['a', 'b', 'c', 'd', 'e'];
    const subset = () =>
        all
            .map(name => ({ name, at: random() }))
            .sort((one, other) => one.at - other.at)
            .slice(0, 3)
            .map(({ name }) => name);
    for (;;) {
        const answers = Array.from({ length: 20 }, subset);
        if (new Set(answers.slice(0, 3).flat()).size === 5) return answers;
    }
}

it('completes the ring from random subsets, and moves no key afterwards', () => {
    const random = randomOf('subsets');
    for (let run = 0; run < 1000; run++) {
        const rule = new KeepMissing();
        const answers = subsets(random);
        known = [];
        const sizes = answers.map(names => {
            known = rule.next(known, { servers: places(...names) }, isUp);
            return known.length;
        });
        expect({ answers, sizes: sizes.slice(2) }).toEqual({ answers, sizes: Array(18).fill(5) });
    }
});

describe('TakeHigherVersion', () => {
    let rule: TakeHigherVersion;
    const answer = (version: number, ...names: string[]) => {
        known = rule.next(known, { version: BigInt(version), servers: places(...names) }, isUp);
        return hosts().join('');
    };

    beforeEach(() => {
        rule = new TakeHigherVersion();
        answer(12, 'a', 'b');
    });

    it('takes a higher version at once', () => {
        expect([answer(13, 'b', 'c'), answer(20, 'c')]).toEqual(['bc', 'c']);
    });

    it('ignores the current version and a lower one', () => {
        expect([answer(12, 'x'), answer(12, 'x'), answer(12, 'x'), answer(11, 'a')]).toEqual(['ab', 'ab', 'ab', 'ab']);
    });

    it('takes a lower version after three equal answers in a row', () => {
        expect([answer(1, 'x', 'y'), answer(1, 'y', 'x'), answer(1, 'x', 'y')]).toEqual(['ab', 'ab', 'xy']);
        expect(answer(2, 'z')).toBe('z');
    });

    it.each<[string, () => void]>([
        ['the current version', () => answer(12, 'a', 'b')],
        ['another lower version', () => answer(2, 'x')],
        ['other servers', () => answer(1, 'y')],
    ])('counts lower versions anew after %s', (_, interrupt) => {
        answer(1, 'x');
        answer(1, 'x');
        interrupt();
        expect([answer(1, 'x'), answer(1, 'x'), answer(1, 'x')]).toEqual(['ab', 'ab', 'x']);
    });

    it('takes a lower version at once when no known server is up', () => {
        down = ['a'];
        expect(answer(1, 'x')).toBe('ab');
        down = ['a', 'b'];
        expect(answer(1, 'x')).toBe('x');
        expect(answer(2, 'y')).toBe('y');
    });

    it('compares versions beyond 2^53', () => {
        known = rule.next(known, { version: 2n ** 60n, servers: places('x') }, isUp);
        known = rule.next(known, { version: 2n ** 60n + 1n, servers: places('y') }, isUp);
        expect(hosts()).toEqual(['y']);
    });
});
