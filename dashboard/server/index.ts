// dashboard/server: serves the wall.
export { type Portal, PortalError, type PortalErrorCode, type PortalOptions, startPortal } from './portal.ts';
