import { closedLoop, measuredRound, probeBeside } from './measure.mjs';
import { makeKeys, makeValue } from './values.mjs';

const asText = value => (typeof value === 'string' ? value : value?.toString('latin1'));

/** A set of keys with one value each, in the form that the contender stores at the least cost. */
class Shelf {
    constructor(client, tag, count, bytes) {
        this.client = client;
        this.bytes = bytes;
        this.keys = makeKeys(tag, count);
        this.texts = this.keys.map((_, i) => makeValue(i, bytes));
        this.values = this.texts.map(text => client.encode(text));
        this.get = this.get.bind(this);
        this.set = this.set.bind(this);
        this.isRightGet = this.isRightGet.bind(this);
    }

    get(i) {
        return this.client.get(this.keys[i % this.keys.length]);
    }

    set(i) {
        const at = i % this.keys.length;
        return this.client.set(this.keys[at], this.values[at]);
    }

    isRightGet(result) {
        const { client, bytes } = this;
        return client.isRight === undefined ? client.value(result)?.length === bytes : client.isRight(result);
    }

    async fill() {
        for (let i = 0; i < this.keys.length; i++) {
            if (!this.client.isStored(await this.set(i))) throw new Error(`set of ${this.keys[i]} was not stored`);
        }
    }

    /**
     * Compares every value byte for byte, and reads some values directly from the server. Tests a
     * miss too.
     */
    async check(stored) {
        const { client, keys, texts } = this;
        const many = client.getMany && this.bytes <= 100 ? await client.getMany([...keys, 'bench:miss']) : null;
        for (let i = 0; i < keys.length; i++) {
            const value = client.value(await this.get(i));
            if (value == null || asText(value) !== texts[i]) throw new Error(`get of ${keys[i]} returned other bytes`);
            if (many && asText(client.item(many, keys[i], i)) !== texts[i]) {
                throw new Error(`multi-get returned other bytes for ${keys[i]}`);
            }
        }
        // With a prefix, the keys of a cache have other names in the server.
        for (const i of client.isInPlace === false ? [] : [0, keys.length >> 1, keys.length - 1]) {
            const bytes = await stored(keys[i]);
            if (bytes?.toString('latin1') !== texts[i])
                throw new Error(`the server holds other bytes under ${keys[i]}`);
        }
        if (client.value(await client.get('bench:miss')) != null)
            throw new Error('get of a missing key returned a value');
        if (many && (client.item(many, 'bench:miss', keys.length) || null) !== null)
            throw new Error('multi-get of a missing key returned a value');
    }
}

/**
 * Drives a client through a case. Checks the client before the first round and after the last
 * round.
 * @param stored reads a value past the client
 */
export async function openClientDriver(client, scenario, { tag, stored }) {
    const small = new Shelf(client, tag, scenario.keys, scenario.valueBytes);
    const shelves = [small];
    if (scenario.verb === 'interference') {
        shelves.push(new Shelf(client, tag.toUpperCase(), scenario.largeKeys, scenario.largeBytes));
    }
    for (const shelf of shelves) await shelf.fill();
    const check = async () => {
        for (const shelf of shelves) await shelf.check(stored);
    };
    await check();

    const work = workOf(scenario, client, small, shelves[1]);
    return {
        round: times => measuredRound(work, times),
        async close() {
            await check();
            await client.close();
        },
    };
}

function workOf(scenario, client, shelf, large) {
    const loop = (call, isRight, over = {}) => {
        const { inFlight, sampleEvery } = scenario;
        return seconds => closedLoop({ inFlight, sampleEvery, seconds, call, isRight, ...over });
    };
    const isStored = result => client.isStored(result);

    switch (scenario.verb) {
        case 'get':
            return loop(shelf.get, shelf.isRightGet);
        case 'set':
            return loop(shelf.set, isStored);
        case 'mixed':
            return loop(
                i => (i % 10 === 9 ? shelf.set(i) : shelf.get(i)),
                (result, i) => (i % 10 === 9 ? client.isStored(result) : shelf.isRightGet(result)),
            );
        case 'getMany': {
            const groups = [];
            for (let i = 0; i < shelf.keys.length; i += scenario.perCall) {
                groups.push(shelf.keys.slice(i, i + scenario.perCall));
            }
            if (client.isRightMany !== undefined) {
                const groupOf = i => groups[i % groups.length];
                return loop(
                    i => client.getMany(groupOf(i)),
                    (result, i) => client.isRightMany(result, groupOf(i)),
                );
            }
            const isThere = (result, group, at) => client.item(result, group[at], at)?.length === shelf.bytes;
            return loop(
                i => client.getMany(groups[i % groups.length]),
                (result, i) => {
                    const group = groups[i % groups.length];
                    return isThere(result, group, i % group.length) && isThere(result, group, group.length - 1);
                },
            );
        }
        case 'setMany': {
            const entries = shelf.keys.map((key, i) => [key, shelf.values[i]]);
            return loop(
                () => client.setMany(entries),
                () => true,
            );
        }
        case 'interference': {
            const moving = loop(
                i => (i % 2 === 0 ? large.get(i >> 1) : large.set(i >> 1)),
                (result, i) => (i % 2 === 0 ? large.isRightGet(result) : client.isStored(result)),
            );
            return seconds => probeBeside({ seconds, large: moving, call: shelf.get, isRight: shelf.isRightGet });
        }
        default:
            throw new Error(`no such verb: ${scenario.verb}`);
    }
}
