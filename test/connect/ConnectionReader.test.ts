import { ConnectionParams } from 'pip-services4-config-node';
import { ConnectionReader } from '../../src/connect/ConnectionReader';

const read = (...uris: string[]) => {
    const reader = new ConnectionReader(null, null);
    const answer = reader.readConfigured(uris.map(uri => ConnectionParams.fromTuples('uri', uri)));
    return { ...answer, listedHosts: [...reader.listedHosts] };
};

it('lists the hosts of servers, but neither sockets nor sources', () => {
    const { servers, sources, listedHosts } = read(
        'memcached://a:1,10.0.0.1',
        'unix:///run/memcached.sock',
        'memcached+srv://b',
        'memcached+dns://c',
        'memcached+cluster://d',
    );
    expect(servers.map(({ host }) => host)).toEqual(['a', '10.0.0.1', '/run/memcached.sock']);
    expect(sources!.map(({ name }) => name)).toEqual([
        'memcached+srv://b',
        'memcached+dns://c:11211',
        'memcached+cluster://d:11211',
    ]);
    expect(listedHosts).toEqual(['a', '10.0.0.1']);
});

it('tells sources apart by everything but their order', () => {
    const idOf = (uri: string, weight = 1) => {
        const connection = ConnectionParams.fromTuples('uri', uri, 'weight', weight);
        return new ConnectionReader(null, null).readConfigured([connection]).sources![0]!.id;
    };
    const id = idOf('memcached+srv://a');
    expect(idOf('memcached+srv://a.')).toBe(id);
    const others = [
        idOf('memcacheds+srv://a'),
        idOf('memcached+dns://a'),
        idOf('memcached+srv://b'),
        idOf('memcached+srv://ann:secret@a'),
        idOf('memcached+srv://a', 2),
    ];
    expect(new Set([id, ...others]).size).toBe(6);
});

it('names sources without their login', () => {
    for (const finding of ['srv', 'dns', 'cluster']) {
        expect(read(`memcached+${finding}://ann:hunter2@a`).sources![0]!.name).not.toMatch(/ann|hunter2/);
    }
});
