import type { Login } from '../client/model/ServerAddress';
import { incompleteLogin } from '../component/errors';

/** Returns the login of a credential or a uri, undefined without one. Throws NO_CREDENTIAL. */
export function toLogin(username: string | null, password: string | null): Login | undefined {
    if (username === null && password === null) return undefined;
    if (username !== null && password !== null) return { username, password };
    throw username === null ? incompleteLogin('password', 'user name') : incompleteLogin('user name', 'password');
}
