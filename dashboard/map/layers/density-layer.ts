// The density raster of one level, coloured on the graphics card by the fixed p/m2 scale. One texel is one cell and is
// drawn as one flat square: smoothing would show densities that nobody measured.

import type { DefaultProps, UpdateParameters } from '@deck.gl/core';
import { BitmapLayer, type BitmapLayerProps } from '@deck.gl/layers';
import { densityColourGlsl, UNKNOWN_RGB } from '../../colour/density-scale.ts';
import type { DisplayGrid } from '../../feed/messages.ts';
import type { Freshness } from '../../state/zone-row.ts';

const unknown = UNKNOWN_RGB.map((channel) => (channel / 255).toFixed(4)).join(', ');

const fragmentShader = `\
#version 300 es
#define SHADER_NAME density-layer-fragment-shader
precision highp float;
uniform sampler2D bitmapTexture;
in vec2 vTexCoord;
in vec2 vTexPos;
out vec4 fragColor;

${densityColourGlsl()}

// Grey diagonal hatch: "we do not know", whatever the density was.
vec4 hatch() {
  float stripe = mod(gl_FragCoord.x + gl_FragCoord.y, 10.0);
  return vec4(${unknown}, stripe < 2.0 ? 0.62 : 0.16);
}

void main(void) {
  geometry.uv = vTexCoord;
  // Row 0 of the raster is its south edge; the bitmap's v runs from the north.
  float density = texture(bitmapTexture, vec2(vTexCoord.x, 1.0 - vTexCoord.y)).r;
  if (density < -1.5) discard;
  vec4 colour;
  if (density < -0.5 || density_.freshness > 1.5) {
    colour = hatch();
  } else {
    colour = densityColour(density);
    if (density_.freshness > 0.5) {
      float grey = dot(colour.rgb, vec3(0.2126, 0.7152, 0.0722));
      colour = vec4(mix(colour.rgb, vec3(grey), 0.75), colour.a * 0.6);
    }
  }
  fragColor = vec4(colour.rgb, colour.a * layer.opacity);
  DECKGL_FILTER_COLOR(fragColor, geometry);
}
`;

const block = `\
layout(std140) uniform density_Uniforms {
  float freshness;
} density_;
`;

const densityUniforms = {
  name: 'density_',
  vs: block,
  fs: block,
  uniformTypes: { freshness: 'f32' },
} as const;

interface DensityProps {
  /** The raster; a new object each time it changes. */
  grid: DisplayGrid;
  freshness: Freshness;
}

type Device = DensityLayer['context']['device'];
type Texture = ReturnType<Device['createTexture']>;

const FRESHNESS: Record<Freshness, number> = { live: 0, stale: 1, unknown: 2 };

export class DensityLayer extends BitmapLayer<DensityProps> {
  static override layerName = 'DensityLayer';
  static override defaultProps: DefaultProps<BitmapLayerProps & DensityProps> = {
    ...BitmapLayer.defaultProps,
    grid: { type: 'object', value: null as unknown as DisplayGrid, compare: false },
    freshness: 'live',
  };

  declare state: BitmapLayer['state'] & { raster?: Texture };

  override getShaders() {
    const shaders = super.getShaders();
    return { ...shaders, fs: fragmentShader, modules: [...shaders.modules, densityUniforms] };
  }

  override updateState(params: UpdateParameters<this>): void {
    super.updateState(params);
    const { grid } = params.props;
    if (grid === params.oldProps.grid && this.state.raster !== undefined) return;
    let { raster } = this.state;
    if (raster === undefined || raster.width !== grid.width || raster.height !== grid.height) {
      raster?.destroy();
      raster = this.context.device.createTexture({
        id: `${this.id}-raster`,
        format: 'r32float',
        width: grid.width,
        height: grid.height,
        sampler: {
          minFilter: 'nearest',
          magFilter: 'nearest',
          addressModeU: 'clamp-to-edge',
          addressModeV: 'clamp-to-edge',
        },
      });
    }
    raster.writeData(grid.values, { width: grid.width, height: grid.height });
    this.setState({ raster });
  }

  override finalizeState(context: DensityLayer['context']): void {
    super.finalizeState(context);
    this.state.raster?.destroy();
  }

  override draw(): void {
    const { model, raster, bounds, coordinateConversion } = this.state;
    if (model === undefined || raster === undefined) return;
    model.shaderInputs.setProps({
      bitmap: {
        bitmapTexture: raster,
        bounds,
        coordinateConversion,
        desaturate: 0,
        tintColor: [1, 1, 1],
        transparentColor: [0, 0, 0, 0],
      },
      density_: { freshness: FRESHNESS[this.props.freshness] },
    });
    model.draw(this.context.renderPass);
  }
}

/** Density of the cell at local metres (x, y): p/m2, or one of the display marks; undefined outside the raster. */
export function cellAt(grid: DisplayGrid, x: number, y: number): number | undefined {
  const ix = Math.floor((x - grid.originX) / grid.cellM);
  const iy = Math.floor((y - grid.originY) / grid.cellM);
  if (ix < 0 || iy < 0 || ix >= grid.width || iy >= grid.height) return undefined;
  return grid.values[iy * grid.width + ix];
}
