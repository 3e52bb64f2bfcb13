#include <unistd.h>

#include <iostream>

int main() {
  std::cout << "waiting for the postman" << std::endl;
  for (;;) pause();
}
