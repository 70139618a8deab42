import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
    AggregationTemporality,
    InMemoryMetricExporter,
    MeterProvider,
    PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { MemcachedCache, MemcachedClient, MemcachedLock } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-memcached-node/framework';

// The start of an SDK, as the page asks for it before the program.
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 60_000 });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
await import('./telemetry.mjs');

const addresses = process.env.MEMCACHED_SERVERS.split(',').map(server => {
    const [host, port] = server.split(':');
    return { host, port: Number(port) };
});
const [address] = addresses;
const client = new MemcachedClient([address]);
await client.open();
after(() => client.close());

let keys = 0;
const newKey = () => `telemetry-${process.pid}-${++keys}`;

beforeEach(async () => {
    await reader.forceFlush();
    metricExporter.reset();
    exporter.reset();
});

/** Runs the work in a span of a caller. Returns the other spans that have ended. */
async function asCaller(work, name = 'request') {
    const caller = trace.getTracer('test').startSpan(name);
    await context.with(trace.setSpan(context.active(), caller), work);
    caller.end();
    return { caller: caller.spanContext(), spans: exporter.getFinishedSpans().filter(span => span.name !== name) };
}

const isChildOf = (span, { spanId, traceId }) =>
    span.parentSpanContext?.spanId === spanId && span.spanContext().traceId === traceId;

/** Returns the data points of the histogram since the last reset. */
async function durations() {
    await reader.forceFlush();
    const found = metricExporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(scope => scope.metrics);
    const [metric] = found;
    assert.deepEqual(
        found.map(({ descriptor }) => [descriptor.name, descriptor.unit]),
        [['db.client.operation.duration', 's']],
    );
    return metric.dataPoints;
}

const common = {
    'db.system.name': 'memcached',
    'server.address': address.host,
    'server.port': address.port,
    'memcached.internal': false,
};

describe('a command', () => {
    test('is a client span below the span of its caller, and a point of the histogram', async () => {
        const key = newKey();
        const { caller, spans } = await asCaller(async () => {
            await client.set(key, 'value');
            await client.get(key);
            await client.get('nothing');
        });
        const names = ['set', 'get', 'get'].map(verb => `${verb} ${address.host}:${address.port}`);
        assert.deepEqual(
            spans.map(({ name }) => name),
            names,
        );
        for (const span of spans) {
            assert.equal(span.kind, SpanKind.CLIENT);
            assert.equal(span.status.code, SpanStatusCode.UNSET);
            assert.ok(isChildOf(span, caller));
        }
        const attributes = (operation, result) => ({
            ...common,
            'db.operation.name': operation,
            'memcached.result': result,
            'memcached.retries': 0,
        });
        assert.deepEqual(
            spans.map(span => span.attributes),
            [attributes('set', 'stored'), attributes('get', 'hit'), attributes('get', 'miss')],
        );
        const points = await durations();
        assert.deepEqual(
            points.map(point => [point.attributes, point.value.count]),
            [
                [{ ...common, 'db.operation.name': 'set' }, 1],
                [{ ...common, 'db.operation.name': 'get' }, 2],
            ],
        );
        assert.deepEqual(points[0].value.buckets.boundaries, [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
        assert.ok(points.every(({ value }) => value.sum > 0 && value.sum < 10));
    });

    test('has the span of its own caller, also when several share a write', async () => {
        const names = ['one', 'two', 'three'];
        const callers = await Promise.all(names.map(name => asCaller(() => client.get(newKey()), name)));
        const spans = exporter.getFinishedSpans().filter(({ name }) => name.startsWith('get '));
        assert.equal(spans.length, 3);
        for (const { caller } of callers) assert.equal(spans.filter(span => isChildOf(span, caller)).length, 1);
    });

    test('is below its caller in the callback form, too, and so is the next command of the callback', async () => {
        const { caller, spans } = await asCaller(async () => {
            await new Promise(resolve => client.stats(() => void client.get(newKey()).then(resolve)));
            await promisify(client.resetStats.bind(client))();
        });
        assert.deepEqual(
            spans.map(span => span.attributes['db.operation.name']),
            ['stats', 'get', 'resetStats'],
        );
        assert.ok(spans.every(span => isChildOf(span, caller)));
    });

    test('that the client refuses has no span', async () => {
        const { spans } = await asCaller(() => assert.rejects(client.get('a key'), { code: 'INVALID_KEY' }));
        assert.deepEqual(spans, []);
    });

    test('has the type of its error', async () => {
        const key = newKey();
        await client.set(key, 'text');
        exporter.reset();
        const { caller, spans } = await asCaller(() => client.increment(key, 1).catch(() => {}));
        const [span] = spans;
        assert.ok(isChildOf(span, caller));
        assert.equal(span.attributes['error.type'], 'NOT_A_NUMBER');
        assert.equal(span.status.code, SpanStatusCode.ERROR);
        assert.match(span.status.message, /not a 64-bit decimal counter/);
        const failed = (await durations()).filter(point => point.attributes['error.type'] !== undefined);
        assert.deepEqual(
            failed.map(({ attributes }) => attributes),
            [{ ...common, 'db.operation.name': 'increment', 'error.type': 'NOT_A_NUMBER' }],
        );
    });
});

describe('a batch', () => {
    test('has its size and its hits, on each of two servers', async () => {
        const both = new MemcachedClient(addresses);
        await both.open();
        const batch = Array.from({ length: 40 }, newKey);
        await both.setMany(batch.slice(0, 30).map(key => [key, 'value']));
        exporter.reset();
        const { caller, spans } = await asCaller(() => both.getMany(batch));
        await both.close();
        assert.equal(spans.length, 2);
        assert.deepEqual(
            new Set(spans.map(span => span.attributes['server.port'])),
            new Set(addresses.map(({ port }) => port)),
        );
        const sum = name => spans.reduce((total, { attributes }) => total + attributes[name], 0);
        assert.ok(spans.every(span => isChildOf(span, caller)));
        assert.ok(spans.every(span => span.attributes['db.operation.name'] === 'getMany'));
        assert.equal(sum('db.operation.batch.size'), 40);
        assert.equal(sum('memcached.hits'), 30);
        assert.equal(sum('memcached.misses'), 10);
        assert.equal(sum('memcached.failed'), 0);
    });

    test('of one key has no size', async () => {
        const { spans } = await asCaller(() => client.getMany([newKey()]));
        assert.equal(spans[0].attributes['db.operation.batch.size'], undefined);
        assert.equal(spans[0].attributes['memcached.misses'], 1);
    });
});

describe('a component', () => {
    const configured = (component, options) => {
        const tuples = Object.entries(options).flat();
        component.configure(
            ConfigParams.fromTuples('connection.host', address.host, 'connection.port', address.port, ...tuples),
        );
        return component;
    };

    test('marks its own requests below the span of the caller', async () => {
        const cache = configured(new MemcachedCache(), { 'options.prefix': newKey(), 'options.clear': true });
        await cache.open(null);
        exporter.reset();
        const { caller } = await asCaller(async () => {
            await cache.retrieveOrLoad(null, 'key', 5000, () => 'value');
            await cache.clear(null);
        });
        await cache.close(null);
        const spans = exporter.getFinishedSpans().filter(({ name }) => name !== 'request');
        assert.ok(spans.every(span => isChildOf(span, caller)));
        const operations = isInternal =>
            spans
                .filter(({ attributes }) => attributes['memcached.internal'] === isInternal)
                .map(({ attributes }) => attributes['db.operation.name']);
        assert.deepEqual(operations(false), ['get']);
        // The token: get and casAdd. The lease: casAdd and casSet. `clear`: delete.
        assert.deepEqual(operations(true).sort(), ['casAdd', 'casAdd', 'casSet', 'delete', 'get']);
    });

    test('has the renewals of withLock below the span of the caller', async () => {
        const lock = configured(new MemcachedLock(), {});
        await lock.open(null);
        const key = newKey();
        exporter.reset();
        const { caller, spans } = await asCaller(() =>
            lock.withLock(null, key, { ttl: 1500 }, async signal => {
                while (lock.getStats().extended === 0 && !signal.aborted) await client.noop();
            }),
        );
        await lock.close(null);
        const operations = isInternal =>
            spans
                .filter(({ attributes }) => attributes['memcached.internal'] === isInternal)
                .map(({ attributes }) => attributes['db.operation.name'])
                .filter(operation => operation !== 'noop');
        assert.deepEqual(operations(false), ['casAdd', 'casDelete']);
        assert.deepEqual(new Set(operations(true)), new Set(['casSet']));
        assert.ok(spans.every(span => isChildOf(span, caller)));
    });

    test('with fail_soft has spans with errors although its callers get misses', async () => {
        const closed = createServer().listen(0, '127.0.0.1');
        await once(closed, 'listening');
        const { port } = closed.address();
        closed.close();
        await once(closed, 'close');
        const cache = configured(new MemcachedCache(), {
            'connection.port': port,
            'options.fail_soft': true,
            'options.failures': 1,
            'options.request_timeout': 500,
        });
        await cache.open(null);
        exporter.reset();
        const { caller, spans } = await asCaller(async () => {
            assert.equal(await cache.retrieve(null, 'key'), null);
        });
        await cache.close(null);
        const [span] = spans.filter(({ attributes }) => !attributes['memcached.internal']);
        assert.equal(span.attributes['error.type'], 'SERVER_DOWN');
        assert.equal(span.attributes['server.port'], port);
        assert.ok(isChildOf(span, caller));
    });
});
