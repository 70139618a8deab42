import { freshOrNull, wrap, keptForMs } from '../../../src/cache/values/staleEnvelope';
import {
    withLeaseMark,
    withPauseMark,
    failuresOf,
    isLeased,
    isPaused,
    leaseToken,
    MAX_NUMBER,
} from '../../../src/cache/values/loadMarks';
import { Item } from '../../../src/client/model/Item';

const NOW = Date.UTC(2026, 0, 1);
const LEASE_MS = 4000;
const CLOCKS_DIFFER_MS = 5000;
const LONGEST_PAUSE_MS = 30_000;

const itemOf = ({ value, flags }: { value: unknown; flags: number }): Item => new Item(value as Buffer, flags, 0, 1);

let stale: Item;

beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    stale = itemOf(wrap({ value: '"text"', flags: 0 }, NOW - 1, NOW + 600_000));
});

afterEach(() => jest.useRealTimers());

describe.each(['nothing', 'a stale value'])('a lease in place of %s', what => {
    const lease = (token = 1): Item => itemOf(withLeaseMark(what === 'nothing' ? Item.MISS : stale, token));

    it('contains its token', () => {
        for (const token of [0, 1, 0x1b1b1b, MAX_NUMBER]) expect(leaseToken(lease(token))).toBe(token);
    });

    it('is alive for its life plus the maximum difference of clocks', () => {
        const item = lease();
        jest.setSystemTime(NOW + LEASE_MS + CLOCKS_DIFFER_MS - 10);
        expect(isLeased(item, LEASE_MS)).toBe(true);
        jest.setSystemTime(NOW + LEASE_MS + CLOCKS_DIFFER_MS + 10);
        expect(isLeased(item, LEASE_MS)).toBe(false);
    });

    it('is dead when a difference of clocks does not explain its future date', () => {
        const item = lease();
        jest.setSystemTime(NOW - LEASE_MS);
        expect(isLeased(item, LEASE_MS)).toBe(true);
        jest.setSystemTime(NOW - 2 * LEASE_MS - CLOCKS_DIFFER_MS);
        expect(isLeased(item, LEASE_MS)).toBe(false);
    });
});

it('marks a missing value with a JSON null', () => {
    const item = itemOf(withLeaseMark(Item.MISS, 0x1b1b1b));
    expect([JSON.parse(String(item.value)), freshOrNull(item)]).toEqual([null, null]);
});

it('keeps a stale value and its dates under a lease', () => {
    const item = itemOf(withLeaseMark(stale, MAX_NUMBER));
    expect(keptForMs(item)).toBe(keptForMs(stale));
    expect(item.value!.subarray(24)).toEqual(stale.value!.subarray(24));
});

describe('a stale value after failed loads', () => {
    it('waits for its date before the next load, and counts the failures', () => {
        const item = itemOf(withPauseMark(itemOf(withLeaseMark(stale, 7)), 3, NOW + 2000));
        expect([failuresOf(item), leaseToken(item)]).toEqual([3, null]);
        jest.setSystemTime(NOW + 1990);
        expect(isPaused(item, LONGEST_PAUSE_MS)).toBe(true);
        jest.setSystemTime(NOW + 2000);
        expect(isPaused(item, LONGEST_PAUSE_MS)).toBe(false);
    });

    it('is loaded at once when its date is beyond the maximum pause', () => {
        const item = itemOf(withPauseMark(stale, 1, NOW + LONGEST_PAUSE_MS + CLOCKS_DIFFER_MS + 10));
        expect(isPaused(item, LONGEST_PAUSE_MS)).toBe(false);
    });
});

it('finds no mark in other items', () => {
    const others = [Item.MISS, itemOf({ value: Buffer.from('null'), flags: 0 }), stale];
    for (const item of others) {
        expect([isLeased(item, LEASE_MS), isPaused(item, LONGEST_PAUSE_MS), failuresOf(item)]).toEqual([
            false,
            false,
            0,
        ]);
    }
    const foreign = itemOf({ value: Buffer.from('null '), flags: 0x5053_0008 });
    expect(isLeased(foreign, LEASE_MS)).toBe(false);
});
