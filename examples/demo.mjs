// `npm run demo`: a value goes to memcached and comes back.
import memjs from 'memjs';
import memcached from '../scripts/memcached.cjs';

const server = await memcached.openMemcached();
const client = memjs.Client.create(`${server.host}:${server.port}`);
try {
    console.log(`memcached answers at ${server.host}:${server.port}`);
    await client.set('greeting', 'Hello from memcached', { expires: 60 });
    console.log('stored    greeting');
    const { value } = await client.get('greeting');
    console.log(`retrieved ${value}`);
} finally {
    client.close();
    await server.end();
}
