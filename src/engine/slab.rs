//! Numbered places that are taken and given back: for what the agenda points at.

use super::near::near;

/// Values by small numbers; freed numbers are used again, most recent first.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a value in a free place and gives its number.
    #[inline]
    pub fn put(&mut self, value: T) -> u32 {
        match self.free.pop() {
            Some(number) => {
                self.places[number as usize] = Some(value);
                number
            }
            None => {
                self.places.push(Some(value));
                (self.places.len() - 1) as u32
            }
        }
    }

    /// Takes the value out of a place; `None` if it is free.
    #[inline]
    pub fn take(&mut self, number: u32) -> Option<T> {
        let value = self.places.get_mut(number as usize)?.take();
        if value.is_some() {
            self.free.push(number);
        }
        value
    }

    /// Brings a place [near].
    #[inline(always)]
    pub fn bring_near(&self, number: u32) {
        if let Some(place) = self.places.get(number as usize) {
            near(place);
        }
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Option<T>>() + self.free.capacity() * size_of::<u32>()
    }

    /// The value in a place; `None` if it is free.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&T> {
        self.places.get(number as usize)?.as_ref()
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.places.get_mut(number as usize)?.as_mut()
    }

    /// How many values are held.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The values held, with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u32, &T)> {
        self.places.iter().enumerate().filter_map(|(number, value)| Some((number as u32, value.as_ref()?)))
    }

    /// The places of all values that are `wanted`, in order.
    pub fn numbers(&self, wanted: impl Fn(&T) -> bool) -> Vec<u32> {
        let places = self.places.iter().enumerate();
        places.filter(|(_, value)| value.as_ref().is_some_and(&wanted)).map(|(i, _)| i as u32).collect()
    }

    /// Takes out all values that are `wanted`, in the order of their places.
    pub fn take_all(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        self.numbers(wanted).into_iter().filter_map(|number| self.take(number)).collect()
    }

    /// The values held, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().flatten()
    }

    /// The values held.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }
}
