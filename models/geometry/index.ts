// Floor-plane geometry in metres, pure and safe in a browser: polygons with holes, exact point location, WKT.
export { intersectPolygons, subtractPolygons, unitePolygons } from './clip.ts';
export { GeometryError } from './errors.ts';
export {
  type BoundaryRule,
  type Box,
  boundingBox,
  boxPolygon,
  createPolygon,
  locateInRing,
  locatePoint,
  type Polygon,
  pointInPolygon,
  polygonArea,
  type Ring,
  signedRingArea,
} from './polygon.ts';
export { formatWktPolygon, parseWktPolygon } from './wkt.ts';
