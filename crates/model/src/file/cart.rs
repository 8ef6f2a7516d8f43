//! Where abandoned carts come from, in the words of model files and of the state.

use super::CartSource;

impl From<CartSource> for holdfast_features::CartAbandon {
    fn from(source: CartSource) -> Self {
        match source {
            CartSource::Given => Self::Given,
            CartSource::Derived { after_ms } => Self::Derived { after_ms },
        }
    }
}

impl From<holdfast_features::CartAbandon> for CartSource {
    fn from(source: holdfast_features::CartAbandon) -> Self {
        match source {
            holdfast_features::CartAbandon::Given => Self::Given,
            holdfast_features::CartAbandon::Derived { after_ms } => Self::Derived { after_ms },
        }
    }
}
