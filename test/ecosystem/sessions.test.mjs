import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serving, until, Visitor } from './helpers.mjs';

process.env.SESSION_SECRET = 'secret';
const { app, client } = await import('./sessions.mjs');

const DAY_MS = 24 * 60 * 60_000;

before(() => {
    // Express prints the errors of handlers, but not in this environment.
    app.set('env', 'test');
    app.get('/same', (request, response) => response.send(`visits ${request.session.visits}`));
    app.get('/lifetime/:ms', (request, response) => {
        request.session.cookie.maxAge = Number(request.params.ms);
        response.send('changed');
    });
    app.get('/leave', (request, response) => request.session.destroy(() => response.send('bye')));
});
after(() => client.close());

/** Returns the item of a visitor's session in memcached. */
function itemOf({ cookie }) {
    const [, id] = /^connect\.sid=s:([^.]+)\./.exec(decodeURIComponent(cookie));
    return client.gets(`session:${id}`);
}

describe('a session of express-session with connect-memjs', () => {
    test('survives between requests, for each visitor apart', () =>
        serving(app, async url => {
            const ann = new Visitor(url);
            const ben = new Visitor(url);
            for (const visits of [1, 2, 3]) assert.equal((await ann.visit()).text, `visit ${visits}`);
            assert.equal((await ben.visit()).text, 'visit 1');
            assert.equal(JSON.parse((await itemOf(ann)).value).visits, 3);
        }));

    test('is renewed by a request that does not change it', () =>
        serving(app, async url => {
            const ann = new Visitor(url);
            await ann.visit();
            const { cas } = await itemOf(ann);
            assert.equal((await ann.visit('same')).text, 'visits 1');
            assert.ok((await itemOf(ann)).cas > cas);
        }));

    test('is gone when it is destroyed, and the next request begins another one', () =>
        serving(app, async url => {
            const ann = new Visitor(url);
            await ann.visit();
            assert.notEqual((await itemOf(ann)).value, null);
            await ann.visit('leave');
            assert.equal((await itemOf(ann)).value, null);
            assert.equal((await ann.visit()).text, 'visit 1');
        }));

    test('expires in memcached with its cookie', () =>
        serving(app, async url => {
            const ann = new Visitor(url);
            await ann.visit();
            // The store cuts off a part of a second, and 0 seconds would be for ever.
            await ann.visit('lifetime/2000');
            await until(async () => (await itemOf(ann)).value === null);
            assert.equal((await ann.visit()).text, 'visit 1');
        }));

    test('expires at once when it should live for more than 30 days', () =>
        serving(app, async url => {
            const ann = new Visitor(url);
            await ann.visit();
            await ann.visit(`lifetime/${30 * DAY_MS}`);
            assert.notEqual((await itemOf(ann)).value, null);
            await ann.visit(`lifetime/${31 * DAY_MS}`);
            await until(async () => (await itemOf(ann)).value === null);
        }));

    test('stays when memcached is unavailable for a while, and requests fail meanwhile', () =>
        serving(app, async url => {
            const ann = new Visitor(url);
            await ann.visit();
            await client.close();
            const { status } = await ann.visit();
            await client.open();
            assert.equal(status, 500);
            assert.equal((await ann.visit()).text, 'visit 2');
        }));
});
