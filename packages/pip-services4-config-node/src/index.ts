export { CredentialParams } from './auth/CredentialParams';
export { CredentialResolver } from './auth/CredentialResolver';
export type { ICredentialStore } from './auth/ICredentialStore';
export { MemoryCredentialStore } from './auth/MemoryCredentialStore';
export { ConnectionParams } from './connect/ConnectionParams';
export { ConnectionResolver } from './connect/ConnectionResolver';
export type { IDiscovery } from './connect/IDiscovery';
export { MemoryDiscovery } from './connect/MemoryDiscovery';
