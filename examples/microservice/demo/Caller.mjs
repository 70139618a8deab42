import { Agent, request } from 'node:http';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {any} body
 * @property {string | undefined} cache what the service says of its cache: hit or miss
 * @property {number} ms from the call to the last byte
 */

/** Less than services keep theirs: who is called never closes a connection in the moment in which it is used again. */
const KEPT_MS = 4000;

/** Calls services over HTTP, on connections that are kept. As many at once as it is told to. */
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
