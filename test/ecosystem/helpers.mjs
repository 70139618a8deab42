import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** Serves the app on a free port during the work. */
export async function serving(app, work) {
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
        return await work(`http://127.0.0.1:${server.address().port}/`);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

/** Resolves when the condition holds. The timeout of the test ends the wait. */
export async function until(condition) {
    while (!(await condition())) await delay(50);
}

/** A visitor that keeps cookies, like a browser. */
export class Visitor {
    cookie = '';

    constructor(url) {
        this.url = url;
    }

    async visit(path = '') {
        const response = await fetch(this.url + path, { headers: { cookie: this.cookie } });
        const [cookie] = response.headers.getSetCookie();
        if (cookie) this.cookie = cookie.split(';')[0];
        return { status: response.status, text: await response.text() };
    }
}
