// Floor-plane geometry in metres, pure and safe in a browser: polygons with holes, exact point location, WKT.
export { intersectPolygons, subtractPolygons, unitePolygons } from './clip.ts';
export {
  ConvexClipper,
  clipHalfPlane,
  convexArea,
  squaredDistanceToConvex,
  squaredDistanceToSegment,
} from './convex.ts';
export { GeometryError } from './errors.ts';
export { type ConvexPartition, contactTolerance, partitionConvex, type Seam } from './partition.ts';
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
export { boxInside, type InteriorRaster, rasterInterior } from './raster.ts';
export {
  distanceToSegment,
  lengthInsideConvex,
  type Segment,
  segmentsIntersect,
  sideOf,
} from './segment.ts';
export { formatWktPolygon, parseWktPolygon } from './wkt.ts';
