import { ConfigParams } from 'pip-services4-components-node';
import { ConnectionParams } from 'pip-services4-config-node';

describe('ConnectionParams', () => {
    it('returns null for absent keys, and 0 for the port', () => {
        const connection = new ConnectionParams();
        expect(connection.getProtocol()).toBeNull();
        expect(connection.getHost()).toBeNull();
        expect(connection.getUri()).toBeNull();
        expect(connection.getDiscoveryKey()).toBeNull();
        expect(connection.useDiscovery()).toBe(false);
        expect(connection.getPort()).toBe(0);
        expect(connection.getProtocolWithDefault('tcp')).toBe('tcp');
        expect(connection.getPortWithDefault(11211)).toBe(11211);
    });

    it('returns the default for a port that is not a number', () => {
        const connection = ConnectionParams.fromTuples('port', 'memcached');
        expect(connection.getPort()).toBe(0);
        expect(connection.getPortWithDefault(11211)).toBe(11211);
    });

    it('reads the host, or else the ip', () => {
        expect(ConnectionParams.fromString('ip=10.0.0.1').getHost()).toBe('10.0.0.1');
        expect(ConnectionParams.fromString('ip=10.0.0.1;host=cache').getHost()).toBe('cache');
    });

    it('returns the set values, and has no other keys', () => {
        const connection = new ConnectionParams();
        connection.setProtocol('tcp');
        connection.setHost('cache');
        connection.setPort(11211);
        connection.setUri('memcached://cache');
        connection.setDiscoveryKey('main');
        expect([connection.getProtocol(), connection.getProtocolWithDefault('udp')]).toEqual(['tcp', 'tcp']);
        expect([connection.getHost(), connection.getPort(), connection.getPortWithDefault(1)]).toEqual([
            'cache',
            11211,
            11211,
        ]);
        expect([connection.getUri(), connection.getDiscoveryKey()]).toEqual(['memcached://cache', 'main']);
        expect(connection.useDiscovery()).toBe(true);
        expect(Object.keys(connection).sort()).toEqual(['discovery_key', 'host', 'port', 'protocol', 'uri']);
    });

    it('reads text and tuples', () => {
        expect(ConnectionParams.fromString('host=a;port=1').getPort()).toBe(1);
        expect(ConnectionParams.fromTuples('host', 'a', 'port', 1).getHost()).toBe('a');
        expect(ConnectionParams.fromString('host=a')).toBeInstanceOf(ConnectionParams);
    });

    it('reads connections.<name>.* rather than connection.*', () => {
        const config = ConfigParams.fromTuples(
            'connections.a.host',
            'a',
            'connections.b.host',
            'b',
            'connection.host',
            'c',
        );
        expect(ConnectionParams.manyFromConfig(config).map(one => one.getHost())).toEqual(['a', 'b']);
        expect(ConnectionParams.fromConfig(config)?.getHost()).toBe('a');
    });

    it('reads a single connection.*', () => {
        const config = ConfigParams.fromTuples('connection.host', 'c', 'connection.port', 5);
        expect(ConnectionParams.manyFromConfig(config).map(one => ({ ...one }))).toEqual([{ host: 'c', port: '5' }]);
        expect(ConnectionParams.fromConfig(config)).toBeInstanceOf(ConnectionParams);
    });

    it('ignores a host at the top level', () => {
        const config = ConfigParams.fromTuples('host', 'a', 'port', 1);
        expect(ConnectionParams.manyFromConfig(config)).toEqual([]);
        expect(ConnectionParams.fromConfig(config)).toBeNull();
    });

    it('reads the mistaken connections.host and connections.port as two empty connections', () => {
        const config = ConfigParams.fromTuples('connections.host', 'a', 'connections.port', 1);
        expect(ConnectionParams.manyFromConfig(config).map(one => one.length())).toEqual([0, 0]);
    });
});
