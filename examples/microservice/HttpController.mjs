import { Descriptor } from 'pip-services4-memcached-node/framework';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * @typedef {{ status: number, body: unknown, headers?: Record<string, string> }} Answer
 */

/**
 * The HTTP interface of the service: `GET /products/42`, `GET /stats`, `GET /health`, `POST
 * /jobs/nightly/2026-01-31`.
 */
export class HttpController {
    /** @type {import('./Products.mjs').Products} */
    #products;
    /** @type {import('./NightlyJob.mjs').NightlyJob} */
    #job;
    #name = 'products';
    #port = 0;
    #requests = 0;
    /** The HTTP server. It keeps idle connections longer than load balancers do. */
    #server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => void this.#serve(request, response));

    /** @param {import('pip-services4-memcached-node/framework').ConfigParams} config */
    configure(config) {
        this.#name = config.getAsStringWithDefault('name', this.#name);
        this.#port = config.getAsIntegerWithDefault('port', this.#port);
    }

    /** @param {import('pip-services4-memcached-node/framework').IReferences} references */
    setReferences(references) {
        this.#products = references.getOneRequired(new Descriptor('microservice', 'products', '*', '*', '1.0'));
        this.#job = references.getOneRequired(new Descriptor('microservice', 'job', '*', '*', '1.0'));
    }

    isOpen() {
        return this.#server.listening;
    }

    async open() {
        this.#server.listen({ port: this.#port, host: '127.0.0.1', backlog: 2048 });
        await once(this.#server, 'listening');
        const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
        const url = `http://127.0.0.1:${port}`;
        console.log(`${this.#name} listens at ${url}`);
        // A parent process gets the port in a message, and does not parse this line.
        process.send?.({ url });
    }

    async close() {
        if (!this.isOpen()) return;
        const closed = once(this.#server, 'close');
        this.#server.close();
        this.#server.closeAllConnections();
        await closed;
    }

    /**
     * @param {import('node:http').IncomingMessage} request
     * @param {import('node:http').ServerResponse} response
     */
    async #serve(request, response) {
        // The trace id is a string, because the container and its logger are version 3. In version
        // 4 this is `Context.fromTraceId(…)`.
        const traceId = request.headers['x-trace-id']?.toString() ?? randomUUID();
        const { status, body, headers } = await this.#answer(traceId, request).catch(error => {
            const { code = 'UNKNOWN', message } = error;
            return { status: error.status ?? 500, body: { code, message, trace_id: traceId }, headers: {} };
        });
        response.writeHead(status, { 'content-type': 'application/json', 'x-instance': this.#name, ...headers });
        response.end(`${JSON.stringify(body)}\n`);
    }

    /**
     * @param {string} traceId
     * @param {import('node:http').IncomingMessage} request
     * @returns {Promise<Answer>}
     */
    async #answer(traceId, { method, url = '/' }) {
        const [, product] = (method === 'GET' && /^\/products\/(\d{1,9})$/.exec(url)) || [];
        if (product !== undefined) {
            this.#requests++;
            return this.#product(traceId, Number(product));
        }
        const [, night] = (method === 'POST' && /^\/jobs\/nightly\/([\w-]{1,40})$/.exec(url)) || [];
        if (night !== undefined) return ok(await this.#job.run(traceId, night));
        if (method === 'GET' && url === '/stats') {
            return ok({ name: this.#name, requests: this.#requests, ...this.#products.getStats() });
        }
        if (method === 'GET' && url === '/health') return this.#health(traceId);
        return notFound('there are /products/<number>, /stats, /health and POST /jobs/nightly/<night>');
    }

    /**
     * @param {string} traceId
     * @param {number} number
     * @returns {Promise<Answer>}
     */
    async #product(traceId, number) {
        const { product, isHit } = await this.#products.get(traceId, number);
        const answer = product === null ? notFound(`there is no product ${number}`) : ok(product);
        return { ...answer, headers: { 'x-cache': isHit ? 'hit' : 'miss' } };
    }

    /**
     * Reports unhealthy servers, but stays ready. Without memcached the service is only slower.
     * @param {string} traceId
     */
    async #health(traceId) {
        const servers = await this.#products.checkHealth(traceId);
        return ok({ status: servers.every(server => server.reachable) ? 'ok' : 'degraded', servers });
    }
}

/**
 * @param {unknown} body
 * @returns {Answer}
 */
function ok(body) {
    return { status: 200, body };
}

/**
 * @param {string} message
 * @returns {Answer}
 */
function notFound(message) {
    return { status: 404, body: { code: 'NOT_FOUND', message } };
}
