//! Indices that cannot be confused, and vectors that only they can index.

use std::ops::{Index, IndexMut};

/// A neuron of a network, counted from 0; in a layered network the inputs come
/// first, then layer 1, layer 2, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Neuron(pub usize);

/// A synapse of a network, counted in the order in which the case lists them.
///
/// In a layered network: layer by layer, postsynaptic neuron by postsynaptic
/// neuron, presynaptic neuron by presynaptic neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Synapse(pub usize);

/// One value per neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerNeuron<T>(Vec<T>);

/// One value per synapse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerSynapse<T>(Vec<T>);

macro_rules! indexed {
    ($container:ident, $index:ident) => {
        impl<T> $container<T> {
            /// Wraps a vector whose position `k` belongs to index `k`.
            #[must_use]
            pub fn new(values: Vec<T>) -> Self {
                Self(values)
            }

            /// Calls `value` for each index in order.
            #[must_use]
            pub fn from_fn(len: usize, value: impl FnMut($index) -> T) -> Self {
                Self((0..len).map($index).map(value).collect())
            }

            /// Applies `f` to each value in order.
            #[must_use]
            pub fn map<U>(&self, f: impl FnMut(&T) -> U) -> $container<U> {
                $container(self.0.iter().map(f).collect())
            }

            /// How many values there are.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there are none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// The values in the order of their index, to be changed.
            pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
                self.0.iter_mut()
            }

            /// The values in the order of their index.
            pub fn iter(&self) -> std::slice::Iter<'_, T> {
                self.0.iter()
            }

            /// The values with their index.
            pub fn indexed(&self) -> impl Iterator<Item = ($index, &T)> {
                self.0.iter().enumerate().map(|(k, value)| ($index(k), value))
            }

            /// The values as a slice.
            #[must_use]
            pub fn as_slice(&self) -> &[T] {
                &self.0
            }
        }

        impl<T: Clone> $container<T> {
            /// The same value at every index.
            #[must_use]
            pub fn filled(len: usize, value: T) -> Self {
                Self(vec![value; len])
            }
        }

        impl<T> Index<$index> for $container<T> {
            type Output = T;
            fn index(&self, index: $index) -> &T {
                &self.0[index.0]
            }
        }

        impl<T> IndexMut<$index> for $container<T> {
            fn index_mut(&mut self, index: $index) -> &mut T {
                &mut self.0[index.0]
            }
        }
    };
}

indexed!(PerNeuron, Neuron);
indexed!(PerSynapse, Synapse);
