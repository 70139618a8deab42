import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import express from 'express';
import { asMemcached } from './as-memcached.mjs';
import { serving, until, Visitor } from './helpers.mjs';

process.env.SESSION_SECRET = 'secret';
const { client, limit, limiter, sessions } = await import('./limits.mjs');

const memcached = asMemcached(client);
const call = (verb, ...args) => promisify(memcached[verb])(...args);
let keys = 0;
const newKey = () => `key-${process.pid}-${++keys}`;

after(async () => {
    memcached.end();
    await until(() => !client.isOpen());
});

describe('the verbs of memcached', () => {
    test('answer as those of memcached', async () => {
        const key = newKey();
        assert.equal(await call('get', key), undefined);
        assert.equal(await call('gets', key), undefined);
        assert.equal(await call('touch', key, 60), false);
        assert.equal(await call('incr', key, 1), false);
        await assert.rejects(call('replace', key, 1, 60), { message: 'Item is not stored', notStored: true });
        assert.equal(await call('set', key, { name: 'Ann', tags: ['ü'] }, 60), true);
        assert.deepEqual(await call('get', key), { name: 'Ann', tags: ['ü'] });
        await assert.rejects(call('add', key, 1, 60), { message: 'Item is not stored', notStored: true });
        assert.equal(await call('replace', key, 'text', 60), true);
        assert.equal(await call('get', key), 'text');
        assert.equal(await call('touch', key, 60), true);
        assert.equal(await call('del', key), true);
        assert.equal(await call('del', key), false);
        await client.set(key, 'a text of memcached');
        await assert.rejects(call('get', key), SyntaxError);
    });

    test('counters are numbers', async () => {
        const key = newKey();
        assert.equal(await call('set', key, 5, 60), true);
        assert.equal(await call('incr', key, 2), 7);
        assert.equal(await call('decr', key, 10), 0);
        assert.equal(await call('get', key), 0);
        await call('set', key, 'text', 60);
        await assert.rejects(call('incr', key, 1), { code: 'NOT_A_NUMBER' });
    });

    test('cas stores only over the value of its gets', async () => {
        const key = newKey();
        await call('set', key, 1, 60);
        const found = await call('gets', key);
        assert.equal(found[key], 1);
        assert.equal(await call('cas', key, 2, found.cas, 60), true);
        assert.equal(await call('cas', key, 3, found.cas, 60), false);
        assert.equal(await call('get', key), 2);
    });

    test('cas stores nothing over a new connection, where another value may have the same number', async () => {
        const key = newKey();
        await call('set', key, 1, 60);
        const { cas } = await call('gets', key);
        await client.close();
        await client.open();
        assert.equal(await call('cas', key, 2, cas, 60), false);
        assert.equal(await call('get', key), 1);
    });

    test('values expire after their seconds, and 0 is never', async () => {
        const [soon, never] = [newKey(), newKey()];
        await call('set', soon, 1, 1);
        await call('set', never, 1, 0);
        await until(async () => (await call('get', soon)) === undefined);
        assert.equal(await call('get', never), 1);
        assert.equal(await call('set', soon, 1, 0.2), true);
        await assert.rejects(call('set', soon, 1, undefined), { code: 'INVALID_TTL' });
    });

    test('an invalid key and a missing callback are errors', async () => {
        await assert.rejects(call('get', 'a key'), { code: 'INVALID_KEY' });
        assert.throws(() => memcached.get('key'), { code: 'ERR_INVALID_ARG_TYPE' });
    });
});

describe('a client for other packages', { concurrency: true }, () => {
    test('rate-limiter-flexible lets as many calls pass as it has points', async () => {
        const key = newKey();
        const consume = () =>
            limiter.consume(key).then(
                ({ consumedPoints }) => consumedPoints,
                error => error,
            );
        const outcomes = await Promise.all(Array.from({ length: 8 }, consume));
        const passed = outcomes.filter(Number.isInteger).sort();
        assert.deepEqual(passed, [1, 2, 3, 4, 5]);
        for (const { msBeforeNext } of outcomes.filter(one => !Number.isInteger(one))) {
            assert.ok(msBeforeNext > 0 && msBeforeNext <= 4000, `msBeforeNext is ${msBeforeNext}`);
        }
        assert.equal((await limiter.get(key)).consumedPoints, 8);
        await limiter.delete(key);
        assert.equal(await limiter.get(key), null);
        await limiter.penalty(key, 5);
        assert.ok((await consume()).msBeforeNext > 0);
        await until(async () => (await consume()) === 1);
    });

    test('rate-limit-memcached limits the requests of express', async () => {
        const app = express();
        app.get('/', limit, (_, response) => response.send('ok'));
        await serving(app, async url => {
            const statuses = [];
            for (let i = 0; i < 5; i++) statuses.push((await fetch(url)).status);
            assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
            await until(async () => (await fetch(url)).status === 200);
        });
    });

    test('connect-memcached keeps the sessions of express', async () => {
        const app = express();
        app.use(sessions);
        app.get('/', (request, response) => {
            request.session.visits = (request.session.visits ?? 0) + 1;
            response.send(`visit ${request.session.visits}`);
        });
        app.get('/leave', (request, response) => request.session.destroy(() => response.send('bye')));
        await serving(app, async url => {
            const ann = new Visitor(url);
            for (const visits of [1, 2, 3]) assert.equal((await ann.visit()).text, `visit ${visits}`);
            assert.equal((await new Visitor(url).visit()).text, 'visit 1');
            await ann.visit('leave');
            assert.equal((await ann.visit()).text, 'visit 1');
        });
    });
});
