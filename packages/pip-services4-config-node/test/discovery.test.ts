import { ConfigParams, Context, Descriptor, ReferenceException, References } from 'pip-services4-components-node';
import { ConnectionParams, ConnectionResolver, MemoryDiscovery } from 'pip-services4-config-node';

const context = Context.fromTraceId('abc');
const at = (name: string) => new Descriptor('pip-services', 'discovery', 'memory', name, '1.0');
const discovery = (...tuples: unknown[]) => new MemoryDiscovery(ConfigParams.fromTuples(...tuples));
const config = (...tuples: unknown[]) => ConfigParams.fromTuples(...tuples);

describe('MemoryDiscovery', () => {
    it('reads its connections from its configuration', async () => {
        const memory = new MemoryDiscovery();
        memory.configure(
            config('descriptor', 'pip-services:discovery:memory:default:1.0', 'main.host', 'a', 'main.port', 1),
        );
        expect({ ...(await memory.resolveOne(context, 'main')) }).toEqual({ host: 'a', port: '1' });
        expect(await memory.resolveAll(context, 'main')).toHaveLength(1);
    });

    it('replaces the connections of the constructor by those of readConnections', async () => {
        const memory = discovery('a.host', 'one');
        expect((await memory.resolveOne(context, 'a'))?.getHost()).toBe('one');
        memory.readConnections(config('b.host', 'two'));
        expect(await memory.resolveOne(context, 'a')).toBeNull();
        expect((await memory.resolveOne(context, 'b'))?.getHost()).toBe('two');
    });

    it('skips scalars such as its descriptor', async () => {
        const memory = discovery('descriptor', 'pip-services:discovery:memory:default:1.0', 'main.host', 'a');
        expect(await memory.resolveOne(context, 'descriptor')).toBeNull();
        expect(await memory.resolveAll(context, 'descriptor')).toEqual([]);
    });

    it('returns null or an empty list for an unknown key', async () => {
        expect(await new MemoryDiscovery().resolveOne(context, 'main')).toBeNull();
        expect(await new MemoryDiscovery().resolveAll(context, 'main')).toEqual([]);
    });

    it('keeps all connections of a key, and resolves one to the first', async () => {
        const memory = discovery('main.host', 'a');
        const b = ConnectionParams.fromString('host=b');
        expect(await memory.register(context, 'main', b)).toBe(b);
        expect((await memory.resolveAll(context, 'main')).map(one => one.getHost())).toEqual(['a', 'b']);
        expect((await memory.resolveOne(context, 'main'))?.getHost()).toBe('a');
    });
});

describe('ConnectionResolver', () => {
    const toDiscover = config('connection.discovery_key', 'main', 'connection.port', 5, 'connection.weight', 2);
    const references = (...discoveries: MemoryDiscovery[]) =>
        References.fromTuples(...discoveries.flatMap((one, i) => [at(String(i)), one]));

    it('returns the configured direct connections', async () => {
        const resolver = new ConnectionResolver(config('connections.a.host', 'a', 'connections.b.host', 'b'));
        expect((await resolver.resolveAll(context)).map(one => one.getHost())).toEqual(['a', 'b']);
        expect((await resolver.resolve(context))?.getHost()).toBe('a');
    });

    it('finds nothing without a configuration, or with one at the top level only', async () => {
        for (const resolver of [new ConnectionResolver(), new ConnectionResolver(config('host', 'a'))]) {
            expect(await resolver.resolve(context)).toBeNull();
            expect(await resolver.resolveAll(context)).toEqual([]);
        }
    });

    it('keeps the first configuration after a second one', async () => {
        const resolver = new ConnectionResolver(config('connection.host', 'a'));
        resolver.configure(config('connection.host', 'b'));
        resolver.add(ConnectionParams.fromString('host=c'));
        expect(resolver.getAll().map(one => one.getHost())).toEqual(['a', 'b', 'c']);
        expect(await resolver.resolveAll(context)).toEqual(resolver.getAll());
    });

    it('merges the discovered keys over those configured beside the discovery key', async () => {
        const resolver = new ConnectionResolver(toDiscover, references(discovery('main.host', 'a', 'main.port', 1)));
        const merged = { discovery_key: 'main', host: 'a', port: '1', weight: '2' };
        expect({ ...(await resolver.resolve(context)) }).toEqual(merged);
        const all = await resolver.resolveAll(context);
        expect(all.map(one => ({ ...one }))).toEqual([merged]);
        expect(all[0]).toBeInstanceOf(ConnectionParams);
    });

    it('asks every discovery service for all connections', async () => {
        const both = references(discovery('main.host', 'a'), discovery('main.host', 'b'));
        const hosts = (await new ConnectionResolver(toDiscover, both).resolveAll(context)).map(one => one.getHost());
        expect(hosts.sort()).toEqual(['a', 'b']);
    });

    it('asks the next discovery service for one connection when the first does not know the key', async () => {
        for (const both of [
            references(discovery('main.host', 'a'), discovery()),
            references(discovery(), discovery('main.host', 'a')),
        ]) {
            expect((await new ConnectionResolver(toDiscover, both).resolve(context))?.getHost()).toBe('a');
        }
    });

    it('puts direct connections before discovered ones, and resolves to a direct one', async () => {
        const mixed = config('connections.x.discovery_key', 'main', 'connections.y.host', 'direct');
        const resolver = new ConnectionResolver(mixed, references(discovery('main.host', 'found')));
        expect((await resolver.resolveAll(context)).map(one => one.getHost())).toEqual(['direct', 'found']);
        expect((await resolver.resolve(context))?.getHost()).toBe('direct');
    });

    it('finds nothing under an unknown key', async () => {
        const resolver = new ConnectionResolver(toDiscover, references(discovery('other.host', 'a')));
        expect(await resolver.resolveAll(context)).toEqual([]);
        expect(await resolver.resolve(context)).toBeNull();
    });

    it('finds nothing under a key without references', async () => {
        expect(await new ConnectionResolver(toDiscover).resolveAll(context)).toEqual([]);
        expect(await new ConnectionResolver(toDiscover).resolve(context)).toBeNull();
    });

    it('rejects with REF_ERROR when the references have no discovery service', async () => {
        const resolver = new ConnectionResolver(toDiscover, new References());
        for (const promise of [resolver.resolve(context), resolver.resolveAll(context)]) {
            const error: unknown = await promise.catch((reason: unknown) => reason);
            expect(error).toBeInstanceOf(ReferenceException);
            expect(error).toMatchObject({
                code: 'REF_ERROR',
                trace_id: 'abc',
                details: { locator: '*:discovery:*:*:*' },
            });
        }
    });

    it('does not ask for a discovery service when every connection is direct', async () => {
        const resolver = new ConnectionResolver(config('connection.host', 'a'), new References());
        expect(await resolver.resolveAll(context)).toHaveLength(1);
    });

    it('registers a connection that has a key with every discovery service, and keeps it', async () => {
        const services = [new MemoryDiscovery(), new MemoryDiscovery()];
        const resolver = new ConnectionResolver();
        resolver.setReferences(references(...services));
        const connection = ConnectionParams.fromString('discovery_key=main;host=a');
        await resolver.register(context, connection);
        for (const service of services) expect(await service.resolveOne(context, 'main')).toBe(connection);
        expect(resolver.getAll()).toEqual([connection]);
    });

    it('does not register a connection without a key', async () => {
        const resolver = new ConnectionResolver(null, references(new MemoryDiscovery()));
        await resolver.register(context, ConnectionParams.fromString('host=a'));
        expect(resolver.getAll()).toEqual([]);
    });
});
