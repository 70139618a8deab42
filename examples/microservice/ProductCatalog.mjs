import { setTimeout as delay } from 'node:timers/promises';

/**
 * @typedef {object} Product
 * @property {number} number
 * @property {string} name
 * @property {number} price
 */

const MATERIALS = ['oak', 'steel', 'wool', 'linen', 'brass', 'cork', 'glass', 'slate'];
const THINGS = ['chair', 'kettle', 'blanket', 'lamp', 'bowl', 'clock', 'shelf', 'vase', 'bench'];

/**
 * The source of products. It stands for a database, a search or a partner's API that is too slow
 * for every request.
 */
export class ProductCatalog {
    /** The number of look-ups that it has served. */
    lookUps = 0;
    #lookUpMs = 300;

    /** @param {import('pip-services4-memcached-node/framework').ConfigParams} config */
    configure(config) {
        this.#lookUpMs = config.getAsIntegerWithDefault('look_up_ms', this.#lookUpMs);
    }

    /**
     * @param {number} number
     * @param {AbortSignal} [signal]
     * @returns {Promise<Product | null>} null if there is no such product
     */
    async lookUp(number, signal) {
        this.lookUps++;
        await delay(this.#lookUpMs, undefined, { signal });
        if (number < 1 || number > 1_000_000) return null;
        const name = `${MATERIALS[number % MATERIALS.length]} ${THINGS[number % THINGS.length]}`;
        return { number, name, price: (500 + ((number * 7919) % 9500)) / 100 };
    }
}
