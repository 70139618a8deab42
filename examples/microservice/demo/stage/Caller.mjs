import { Agent, request } from 'node:http';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {any} body
 * @property {string | undefined} cache the service's own word for its cache: hit or miss
 * @property {number} ms from the call to the last byte
 */

/**
 * How long to keep an idle connection, in ms. The services keep idle connections longer. So no
 * service closes a connection at the moment of its next use.
 */
const KEPT_MS = 4000;

/** An HTTP client with keep-alive connections and without a limit of concurrent calls. */
export class Caller {
    #agent = new Agent({ keepAlive: true, timeout: KEPT_MS });

    get(/** @type {string} */ url) {
        return this.#call('GET', url);
    }

    post(/** @type {string} */ url) {
        return this.#call('POST', url);
    }

    close() {
        this.#agent.destroy();
    }

    /**
     * @param {string} method
     * @param {string} url
     * @returns {Promise<Reply>}
     */
    #call(method, url) {
        const startMs = performance.now();
        return new Promise((resolve, reject) => {
            const call = request(url, { method, agent: this.#agent }, response => {
                let text = '';
                response.setEncoding('utf8');
                response.on('data', chunk => (text += chunk));
                response.once('error', reject);
                response.once('end', () => {
                    const ms = performance.now() - startMs;
                    const { statusCode: status = 0, headers } = response;
                    resolve({ status, body: JSON.parse(text), cache: headers['x-cache']?.toString(), ms });
                });
            });
            call.once('error', reject);
            call.end();
        });
    }
}
